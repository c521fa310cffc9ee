"""What an instructor's page takes from the assignments, so that it cannot differ from them.

```{materials} 1-customers
```
links the slides, the reference solution and the page for marking of a part.

```{proof} 1-customers
```
prints the typical mistakes that the test-suite tries on the graders of an assignment
(``exercises/mistakes/``): the code, the task, the points lost, the message that the trainee sees.
"""

from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from edition import edition
from link_table import link, node_table
from sphinx.util.docutils import SphinxDirective

WORDS = {
    "en": {
        "head": ["Mistake (open it to see the code)", "Task", "Points lost", "The trainee reads"],
        "said": "The test-suite hands in the reference solution, which gets all points of the automatic tests, an "
        "empty notebook, which gets none, and each of these {count} mistakes alone: it must lose exactly the "
        "points named here, and the trainee must read the message. All of it runs in both languages.",
        "of": "{lost:g} of {points:g}",
        "slides": "Slides",
        "solution": "Reference solution",
        "marking": "Marking: rubric, anchor answers, proof table",
    },
    "zh-Hant": {
        "head": ["常見錯誤（展開可看程式碼）", "題目", "扣分", "學員看到的回饋"],
        "said": "測試會交出三種作業：參考解答拿到自動評分的滿分，空白筆記本拿 0 分；下面 {count} 種錯誤逐一"
        "單獨交出，扣的分數必須和表中相同，學員也必須看到表中的回饋。兩種語言都這樣測過。",
        "of": "{lost:g}／{points:g}",
        "slides": "投影片",
        "solution": "參考解答",
        "marking": "評分：評分標準、參考答案、驗證表",
    },
}


class Materials(SphinxDirective):
    """List what belongs to the part named by its slug."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the links."""
        lang, slug = edition(self.config), self.arguments[0]
        words = WORDS[lang]
        # from book/instructor/<lang>/ of an edition up to the folder that holds the editions
        up = "../" * 4
        addresses = {
            "slides": f"{up}slides/{lang}/{slug}.html",
            "solution": f"../../../exercises/{lang}/source/{slug}/{slug}.html",
            "marking": f"{slug}-marking.html",
        }
        items = nodes.bullet_list("")
        for name, address in addresses.items():
            items += nodes.list_item("", link((words[name], address)))
        return [items]


class Proof(SphinxDirective):
    """Print the mistakes of the assignment named by its slug."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the sentence on what is proven, and the table."""
        from csqm.course.tasks import graded_tasks

        lang, slug = edition(self.config), self.arguments[0]
        words, exercises = WORDS[lang], Path(self.env.srcdir) / "exercises"
        catalogue = exercises / "mistakes" / f"{slug}.yaml"
        notebook = exercises / lang / "source" / slug / f"{slug}.ipynb"
        for path in (catalogue, notebook):
            self.env.note_dependency(str(path))
        mistakes = yaml.safe_load(catalogue.read_text(encoding="utf-8"))["mistakes"]
        tasks = graded_tasks(notebook)
        rows = []
        for mistake in mistakes:
            task = tasks[mistake["points"]]
            lost = words["of"].format(lost=mistake["lost"], points=task.points)
            texts = (task.title, lost, mistake["message"][lang].replace("`", ""))
            cells = [[nodes.paragraph("", text)] for text in texts]
            rows.append([folded_code(mistake), *cells])
        said = nodes.paragraph("", words["said"].format(count=len(mistakes)))
        return [said, node_table("proof", words["head"], rows)]


def folded_code(mistake: dict) -> list[nodes.Node]:
    """Return the code of a mistake under its name, to be unfolded."""
    name = escape(mistake["id"])
    return [
        nodes.raw("", f"<details><summary><code>{name}</code></summary>", format="html"),
        nodes.literal_block("", mistake["code"].rstrip(), language="python"),
        nodes.raw("", "</details>", format="html"),
    ]


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("materials", Materials)
    app.add_directive("proof", Proof)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
