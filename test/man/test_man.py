"""The manual says what the header says, its examples work, and it can be read.

test_man.py FOLDER LIBRARY: the pages as installed are below FOLDER/pages; programs are built in FOLDER; the command is
beside the library. The results are printed as cmocka prints them."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from header import INTERNAL, INTERNAL_STRUCTS, Header, definitions, normalized
from page import Page, said

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER, LIBRARY = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
HEADER = Header(TOP / "include/trackmalloc.h")
ALL = [Page(path) for path in sorted(FOLDER.glob("pages/man*/*"))]
PAGES = [page for page in ALL if not page.alias]
ABOUT_FUNCTIONS = [page for page in PAGES if page.section == "3"]
LIBRARY_PAGE = next(page for page in PAGES if page.title == "libtrackmalloc")
COMMAND_PAGE = next(page for page in PAGES if page.title == "trackmalloc")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", f"-I{TOP}/include", "-pthread"]
NOT_IN_THE_HEADER = {"TRACKMALLOC_OPTIONS", "TRACKMALLOC_DIR"}
os.environ.pop("TRACKMALLOC_OPTIONS", None)  # of whoever runs this


class Skipped(Exception):
    pass


def none_of(what, found):
    assert not found, f"{what}: {', '.join(sorted(found))}"


def run(command, **more):
    more.setdefault("env", {**os.environ, "LC_ALL": "C.UTF-8"})
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


# ---- against the header ----


def the_header_was_understood():
    none_of("internal names that the header has no more", INTERNAL - set(HEADER.prototypes) - HEADER.cxx)
    none_of("internal structs that it has no more", INTERNAL_STRUCTS - set(HEADER.structs))
    none_of("in the table, but not declared", HEADER.members() - set(HEADER.prototypes))
    assert len(HEADER.members()) >= 27 and len(HEADER.structs) >= 8 and "TM_BUSY" in HEADER.constants


def every_function_has_a_page():
    named = [name for page in ABOUT_FUNCTIONS for name in page.names()]
    none_of("without a page", HEADER.public - set(named))
    none_of("in the table without a page", HEADER.members() - set(named))
    none_of("with two pages", {name for name in named if named.count(name) > 1})


def no_page_has_a_name_that_is_none():
    for page in ABOUT_FUNCTIONS:
        none_of(page.file, set(page.names()) - HEADER.public - {"trackmalloc.h"})


def no_page_speaks_of_what_is_not_there():
    for page in PAGES:
        words = set(re.findall(r"\b(?:tm|TM|TRACKMALLOC)_\w+", page.text()))
        none_of(page.file, words - HEADER.identifiers - NOT_IN_THE_HEADER)


def synopses_are_the_headers():
    for page in ABOUT_FUNCTIONS:
        c, cxx = page.synopsis()
        shown = {normalized(code) for code in c.split(";") if code.strip()}
        wanted = {HEADER.prototypes[name] for name in page.names() if name in HEADER.prototypes}
        assert shown == wanted, f"{page.file}: {shown ^ wanted}"
        code = normalized(HEADER.code)
        pieces = [normalized(piece.replace("trackmalloc::", "")) for piece in re.split(r"[;{}]", cxx)]
        none_of(page.file, {piece for piece in pieces if piece not in code})


def structs_are_the_headers():
    shown = set()
    for page in ABOUT_FUNCTIONS:
        for block in page.blocks("DESCRIPTION"):
            code = definitions(block)
            none_of(page.file, {name for name in code if code[name] != HEADER.structs.get(name)})
            shown |= set(code)
    structs = {name for name in HEADER.structs if f"struct {name} {{" in HEADER.text}
    none_of("structs that no page shows", structs - shown - INTERNAL_STRUCTS)


def every_constant_is_on_a_page():
    text = "\n".join(page.text() for page in PAGES)
    none_of("on no page", {name for name in HEADER.constants if not re.search(rf"\b{name}\b", text)})


# ---- against each other ----


def sections_stand_in_order():
    order = ["NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUE", "ERRORS", "ATTRIBUTES", "EXAMPLES", "SEE ALSO"]
    for page in ABOUT_FUNCTIONS:
        assert list(page.sections) == order, f"{page.file}: {list(page.sections)}"
        assert page.title in page.names(), page.file


def every_name_leads_to_its_page():
    files = {page.file: page for page in ALL}
    for page in PAGES:
        for name in set(page.names()) - {page.title}:
            alias = files[f"{name}.{page.section}"]
            assert alias.lines == [f".so man{page.section}/{page.file}"], alias.file


def the_overview_leads_to_all():
    overview = next(page for page in PAGES if page.title == "trackmalloc.h")
    others = {f"{page.title}(3)" for page in ABOUT_FUNCTIONS if page is not overview}
    none_of(overview.file, {name for name in others if name not in overview.text()})


def references_lead_somewhere():
    files = {page.file for page in ALL}
    for page in PAGES:
        found = re.findall(r"\b((?:tm_|trackmalloc|libtrackmalloc)[\w.:]*)\((\d)\)", page.text())
        none_of(page.file, {f"{name}.{section}" for name, section in found} - files)


# ---- against the options and the report ----


def tracked(command, options=""):
    return run(command, env={**os.environ, "LD_PRELOAD": str(LIBRARY), "TRACKMALLOC_OPTIONS": options})


def every_option_is_explained():
    told = re.findall(r"^  (\w+) ", tracked(["true"], "help=on,output=none").stderr, re.MULTILINE)
    items = re.findall(r"^\.TP[ 0-9]*\n\.B (\w+)$", "\n".join(LIBRARY_PAGE.sections["OPTIONS"]), re.MULTILINE)
    assert len(told) >= 13 and items == told + told, f"{told}, explained: {items}"


def options_in_examples_are_taken():
    found = re.findall(r'^.*TRACKMALLOC_OPTIONS="(.*?)"', LIBRARY_PAGE.text(), re.MULTILINE)
    assert len(found) >= 10
    with tempfile.TemporaryDirectory() as place:
        for options in set(found) - {"name=value,name=value"}:
            tried = re.sub(r"(?<=dir=)/[^,]*", place, options)  # the one that is named may be somebody else's here
            said = tracked(["true"], tried + ",output=none").stderr
            assert said == "", f"{options}: {said}"


# ---- against the command ----


def helped(*words):
    return run([str(LIBRARY.parent / "trackmalloc"), *words, "--help"]).stdout


def commands():
    return re.findall(r"^  ([a-z]+) ", helped(), re.MULTILINE)


def told_of_commands():
    """Name to text, of each."""
    source = "\n".join(COMMAND_PAGE.sections["COMMANDS"])
    parts = [part.splitlines() for part in re.split(r"^\.SS trackmalloc ", source, flags=re.MULTILINE)[1:]]
    return {lines[0]: "\n".join(said(line) for line in lines[1:]) for lines in parts}


def every_command_is_on_its_page():
    assert len(commands()) >= 5 and sorted(told_of_commands()) == sorted(commands()), commands()


def options_of_commands_are_as_in_their_help():
    for name, text in told_of_commands().items():
        options = re.findall(r"^ {2,6}((?:-., )?--\S+)", helped(name), re.MULTILINE)
        told = re.findall(r"^((?:-., )?--\S+)$", text, re.MULTILINE)
        assert told and sorted(told + ["-?, --help", "--usage"]) == sorted(options), f"{name}: {options}, {told}"


def synopses_of_commands_are_as_in_their_help():
    shown = [said(line) for line in COMMAND_PAGE.sections["SYNOPSIS"]]
    for name in commands():
        usage = re.findall(r"^(?:Usage:|  or: ) (.*?) *$", helped(name), re.MULTILINE)
        assert usage and set(usage) == {line for line in shown if line.startswith(f"trackmalloc {name} ")}, usage


def as_shown(markdown):
    """Without the signs for code, and where there is none, for words that are stressed."""
    parts = re.sub(r"^(#+|-) ", "", markdown).split("`")
    return "".join(re.sub(r"\*([^*]+)\*", r"\1", part) if i % 2 == 0 else part for i, part in enumerate(parts))


def cells(row):
    return [cell.strip() for cell in row.split("|")[1:-1]]


def nothing_is_lost_of(name):
    """Each line stands in the page, but for a table's headings, and its column `test`."""
    page = " ".join(LIBRARY_PAGE.text().lower().split())
    blocks, headings = 0, []
    lines = (TOP / "doc" / name).read_text(encoding="utf-8").splitlines()
    for line, after in zip(lines, lines[1:] + [""]):
        assert not re.search(r"\]\(|\*\*|^\d+\. |^>|^    ", line), f"{name}: markdown.awk does not know: {line}"
        blocks += line.startswith("```")
        if after.startswith("|---"):
            headings = cells(line)
            continue
        if line.startswith(("```", "|---")) or not line:
            continue
        row = [cell for heading, cell in zip(headings, cells(line)) if heading != "test"]
        for part in row if line[0] == "|" else re.split(r"  +| # ", line):
            wanted = " ".join((part if blocks % 2 else as_shown(part)).split())
            assert wanted.lower().removeprefix("the ") in page, f"{name}, not in the page: {wanted}"


def nothing_is_lost_of_the_options():
    nothing_is_lost_of("options.md")


def nothing_is_lost_of_the_report():
    nothing_is_lost_of("report.md")


# ---- README and doc ----

DOCUMENTS = [TOP / "README.md", *sorted((TOP / "doc").glob("*.md"))]


def documents_name_files_that_exist():
    """Links, and paths in the text; a place holder in capitals (test_NAME.c) stands for any."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        links = [document.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)]
        paths = re.findall(r"(?<![\w./-])(?:doc|include|src|test)/[\w./-]*\w", text)
        paths = [TOP / path for path in paths if not re.search(r"[A-Z]{3}", path.removesuffix("CONTRIBUTING.md"))]
        none_of(document.name, {str(path) for path in links + paths if not path.exists()})


def documents_name_commands_that_exist():
    known = set(commands())
    for document in DOCUMENTS:
        lines = document.read_text(encoding="utf-8").splitlines()
        typed = re.findall(r"(?:^    |[`(] *|/)trackmalloc ([a-z]+)", "\n".join(lines), re.MULTILINE)
        none_of(document.name, set(typed) - known)


# ---- examples ----


def examples():
    """File and code of each, written there."""
    for page in ABOUT_FUNCTIONS:
        for number, code in enumerate(page.blocks("EXAMPLES")):
            if "#include" not in code:
                continue
            cxx = "trackmalloc::" in code
            file = FOLDER / f"{page.title}-{number}.{'cc' if cxx else 'c'}"
            file.write_text(code, encoding="utf-8")
            yield file, code


def compiler(file):
    if file.suffix == ".cc":
        return [*shlex.split(os.environ["CXX"]), "-std=c++17", *STRICT]
    return [*shlex.split(os.environ["CC"]), "-std=c11", *STRICT]


def each_page_has_an_example():
    with_one = {file.stem.rsplit("-", 1)[0] for file, _ in examples()}
    none_of("without an example", {page.title for page in ABOUT_FUNCTIONS} - with_one)


def examples_compile():
    for file, _ in examples():
        built = run([*compiler(file), "-c", str(file), "-o", str(file.with_suffix(".o"))])
        assert built.returncode == 0, f"{file.name}:\n{built.stderr}"


def example_programs_run():
    """With and without the library; with it, what they name is in the report, and nothing is misused."""
    programs = 0
    for file, code in examples():
        if "int main(" not in code:
            continue
        program = str(file.with_suffix(""))
        built = run([*compiler(file), str(file), "-o", program])
        assert built.returncode == 0, f"{file.name}:\n{built.stderr}"
        bare, with_it = run([program]), tracked([program])
        assert bare.returncode == 0 and bare.stderr == "", f"{file.name}: {bare}"
        assert with_it.returncode == 0 and "misuse" not in with_it.stderr, f"{file.name}: {with_it}"
        assert "(exit), up " in with_it.stderr, f"{file.name}: {with_it}"
        for tag in re.findall(r'tm_tag_register\("(.*?)"', code):
            assert f"\n{tag} " in with_it.stderr, f"{file.name}: {tag} is not in {with_it.stderr}"
        programs += 1
    assert programs >= 10


def code_can_be_copied():
    """man would make something nicer of these, which no compiler reads."""
    for page in PAGES:
        for block in re.findall(r"^\.EX\n(.*?)^\.EE$", "\n".join(page.lines), re.MULTILINE | re.DOTALL):
            bare = re.sub(r"\\(\(..|.)", "", block)
            none_of(page.file, {line for line in bare.splitlines() if re.search("[-'`^~]", line)})


# ---- to be read ----


def needs(program):
    if shutil.which(program) is None:
        raise Skipped(f"{program} is not installed")


def as_read(output):
    return re.sub("\x1b.*?m|.\b", "", output)


def pages_render():
    needs("groff")
    for page in ALL:
        file = f"man{page.section}/{page.file}"
        done = run(["groff", "-ww", "-k", "-s", "-man", "-Tutf8", file], cwd=FOLDER / "pages")
        assert done.returncode == 0 and done.stderr == "", f"{page.file}: {done.stderr}"
        assert "SEE ALSO" in as_read(done.stdout), f"{page.file}: {done.stdout}"


def mandoc_finds_no_fault():
    """But that no page has a date: it would tell nobody anything."""
    needs("mandoc")
    done = run(["mandoc", "-T", "lint", "-W", "warning", *(str(page.path) for page in PAGES)])
    none_of("mandoc", {line for line in done.stdout.splitlines() if "missing date" not in line})


def man_finds_them():
    needs("man")
    for page in ALL:
        done = run(["man", "-M", str(FOLDER / "pages"), "--warnings", "-P", "cat", page.section, page.title])
        assert done.returncode == 0 and done.stderr == "", f"{page.file}: {done.stderr}"
        assert "SEE ALSO" in as_read(done.stdout), f"{page.file}: {done.stdout}"


# ---- as cmocka ----

OK, FAILED, SKIPPED = "[       OK ]", "[  FAILED  ]", "[  SKIPPED ]"


def outcome(test):
    try:
        test()
    except Skipped as why:
        print(why)
        return SKIPPED
    except Exception as why:  # whatever it is, the other tests are run
        print(f"{type(why).__name__}: {why}")
        return FAILED
    return OK


def main(tests):
    print(f"[==========] Running {len(tests)} test(s).", flush=True)
    results = {}
    for test in tests:
        name = test.__name__
        print(f"[ RUN      ] {name}")
        results[name] = outcome(test)
        print(f"{results[name]} {name}", flush=True)
    print(f"[==========] {len(tests)} test(s) run.")
    print(f"[  PASSED  ] {list(results.values()).count(OK)} test(s).")
    for sign in (SKIPPED, FAILED):
        names = [name for name, result in results.items() if result == sign]
        if names:
            print(f"{sign} {len(names)} test(s), listed below:")
            print("\n".join(f"{sign} {name}" for name in names))
    return FAILED in results.values()


if __name__ == "__main__":
    sys.exit(main([
        the_header_was_understood, every_function_has_a_page, no_page_has_a_name_that_is_none,
        no_page_speaks_of_what_is_not_there, synopses_are_the_headers, structs_are_the_headers,
        every_constant_is_on_a_page, sections_stand_in_order, every_name_leads_to_its_page, the_overview_leads_to_all,
        references_lead_somewhere, every_option_is_explained, options_in_examples_are_taken,
        every_command_is_on_its_page, options_of_commands_are_as_in_their_help,
        synopses_of_commands_are_as_in_their_help, nothing_is_lost_of_the_options, nothing_is_lost_of_the_report,
        documents_name_files_that_exist, documents_name_commands_that_exist,
        each_page_has_an_example, examples_compile, example_programs_run, code_can_be_copied, pages_render, mandoc_finds_no_fault, man_finds_them,
    ]))  # fmt: skip
