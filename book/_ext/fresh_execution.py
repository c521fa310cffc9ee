"""Execute notebooks again when the package or the data changed, and only then.

The execution cache compares cells only: a changed helper function or data file would leave old
outputs in the book. Here the cache has the hash of both in its path, and so has the
configuration that Sphinx compares to decide which pages to read again. A changed extension of the
book makes it read all pages, too.
"""

import hashlib
import shutil
from pathlib import Path

from edition import edition
from sphinx.application import Sphinx
from sphinx.config import Config

INPUTS = ("src/csqm", "datasets")


def hash_of(root: Path, inputs: tuple[str, ...] = INPUTS) -> str:
    """Return a hash of the names and contents of all files under ``inputs``."""
    digest = hashlib.sha256()
    for folder in inputs:
        for path in sorted((root / folder).rglob("*")):
            made = path.suffix == ".mo" or "__pycache__" in path.parts
            if path.is_file() and not made:
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def key_cache(app: Sphinx, config: Config) -> None:
    """Put the hashes into the configuration, and the cache into a folder named by one."""
    root = Path(app.srcdir)
    config.csqm_code_hash = hash_of(root)
    config.csqm_extensions_hash = hash_of(root, ("book/_ext",))
    caches = root / "_build" / "cache" / edition(config)
    for old in caches.glob("*"):
        if old.name != config.csqm_code_hash:
            shutil.rmtree(old)
    config.nb_execution_cache_path = str(caches / config.csqm_code_hash)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_config_value("csqm_code_hash", "", "env", str)
    app.add_config_value("csqm_extensions_hash", "", "env", str)
    # before myst_nb reads its settings
    app.connect("config-inited", key_cache, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
