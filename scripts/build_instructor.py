"""Build the instructor's edition and the slides into ``_build/instructor``, strictly.

It holds solutions, rubrics and hidden tests, so it is never part of the public book, whose pages it
needs: the slides are made from them. Open ``_build/instructor/index.html``.
"""

import shutil
import sys

import build_book
import slides
import yaml
from build_book import BUILD, EDITIONS, ROOT, BuildError, merge

INSTRUCTOR = BUILD / "instructor"
PAGES = ROOT / "book" / "instructor"
BANNER = {
    "en": "Instructor’s edition: holds solutions and hidden tests. Do not publish it or hand it out.",
    "zh-Hant": "講師版：內含解答與隱藏測試，請勿公開或轉發。",
}
TITLE = {"en": "Instructor’s edition", "zh-Hant": "講師版"}
WORDS = {
    "en": {"parts": "Lesson plans", "marking": "Marking", "solution": "Reference solution"},
    "zh-Hant": {"parts": "教案", "marking": "評分", "solution": "參考解答"},
}


def main() -> int:
    """Build the public book where needed, then the instructor's; return the exit status."""
    if status := build_book.main():
        return status
    try:
        build_book.check_tools(("sphinx_revealjs",))
        shutil.rmtree(INSTRUCTOR, ignore_errors=True)
        INSTRUCTOR.mkdir()
        for lang in EDITIONS:
            build_edition(lang)
        slides.write(build_book.HTML, INSTRUCTOR / "slides", parts())
    except BuildError as error:
        print(f"\nThe instructor's edition was not built. {error}", file=sys.stderr)
        return 1
    landing = (ROOT / "book" / "_templates" / "landing.html").read_text(encoding="utf-8")
    landing = landing.replace("/book/", "/book/instructor/")
    (INSTRUCTOR / "index.html").write_text(landing, encoding="utf-8")
    print(f"Built the instructor's edition: {INSTRUCTOR.relative_to(ROOT).as_posix()}/index.html")
    return 0


def parts() -> list[tuple[int, dict]]:
    """Return number and entry in the syllabus of each part that has an assignment."""
    syllabus = yaml.safe_load((ROOT / "book" / "syllabus.yaml").read_text(encoding="utf-8"))
    return [
        (number, part)
        for number, part in enumerate(syllabus["parts"], start=1)
        if (ROOT / "exercises" / "mistakes" / f"{part['slug']}.yaml").exists()
    ]


def build_edition(lang: str) -> None:
    """Run Jupyter Book for one language, and put what it made beside the other's."""
    work = BUILD / f"instructor-{lang}"
    work.mkdir(exist_ok=True)
    config, toc = work / "_config.yml", work / "_toc.yml"
    for path, contents in ((config, configuration(lang)), (toc, table_of_contents(lang))):
        path.write_text(yaml.safe_dump(contents, allow_unicode=True), encoding="utf-8")
    shutil.rmtree(work / "_build", ignore_errors=True)
    log = work / "build.log"
    if build_book.run_jupyter_book(work, config, toc, log).wait():
        raise BuildError(build_book.complaints(log))
    shutil.copytree(work / "_build" / "html", INSTRUCTOR / lang)


def configuration(lang: str) -> dict:
    """Return the public book's configuration with what differs here."""
    config = build_book.edition_config(lang)
    merge(config, yaml.safe_load((ROOT / "_config.instructor.yml").read_text(encoding="utf-8")))
    config["title"] = f"{config['title']}: {TITLE[lang]}"
    own = config["sphinx"]["config"]
    own["extensions"].append("marking")
    own["html_theme_options"]["announcement"] = BANNER[lang]
    return config


def table_of_contents(lang: str) -> dict:
    """Return the contents: for each part its lesson plan, its marking and its solution."""
    pages, words = f"book/instructor/{lang}", WORDS[lang]
    chapters = []
    for number, part in parts():
        slug = part["slug"]
        solution = f"exercises/{lang}/source/{slug}/{slug}"
        sections = [
            {"file": f"{pages}/{slug}-marking", "title": words["marking"]},
            {"file": solution, "title": words["solution"]},
        ]
        title = f"{number} {part['title'][lang]}"
        chapters.append({"file": f"{pages}/{slug}", "title": title, "sections": sections})
    contents = [{"caption": words["parts"], "chapters": chapters}]
    return {"format": "jb-book", "root": f"{pages}/index", "parts": contents}


if __name__ == "__main__":
    sys.exit(main())
