"""Customer satisfaction and quality management in practice: survey methods and a course."""
