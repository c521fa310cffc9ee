"""Tables that directives make: of links, as the lists of parts and of objectives are, and of others."""

from docutils import nodes


def link_table(name: str, head: list[str], rows: list[list[list[tuple[str, str]]]]) -> nodes.table:
    """Return a table whose cells are lists of links; an empty address gives plain text."""
    return node_table(name, head, [[list(map(link, cell)) for cell in row] for row in rows])


def node_table(name: str, head: list[str], rows: list[list[list[nodes.Node]]]) -> nodes.table:
    """Return a table whose cells are lists of nodes."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead(
        "", nodes.row("", *(nodes.entry("", nodes.paragraph("", t)) for t in head))
    )
    body = nodes.tbody("")
    for row in rows:
        body += nodes.row("", *(nodes.entry("", *cell) for cell in row))
    group += body
    return nodes.table("", group, classes=[f"csqm-{name}"])


def link(target: tuple[str, str]) -> nodes.paragraph:
    """Return a line of a cell."""
    text, address = target
    if not address:
        return nodes.paragraph("", text)
    return nodes.paragraph("", "", nodes.reference("", text, refuri=address, internal=True))
