"""House rules that no linter knows: each is a pattern, a reason, and a sample that proves that it bites."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
THIS = "tests/test_house_rules.py"
LONGEST_FILE = 450  # lines; more is usually two rooms in one
SKIPPED = {".git", ".venv", "build", "dist", "__pycache__", ".hypothesis"}  # what .gitignore names


@dataclass(frozen=True)
class Rule:
    """A pattern that must not occur in the files of ``where``, except in ``allowed`` (path or glob → why)."""

    name: str
    pattern: str
    reason: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    where: tuple[str, ...] = ("*.py",)
    allowed: dict[str, str] = field(default_factory=dict)

    def applies_to(self, name: str) -> bool:
        """Whether a file is under this rule."""
        return (
            name != THIS
            and any(fnmatch(name, glob) for glob in self.where)
            and not any(fnmatch(name, glob) for glob in self.allowed)
        )

    def found_in(self, text: str) -> list[str]:
        """The offending lines of a text, numbered from 1."""
        pattern = re.compile(self.pattern)
        return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


RULES = [
    Rule(
        "layout_before_lock",
        r"\bdocumentLayout\(\)",
        "asked of a new document off the GUI thread it can stop the program for good: use drawing.blank_document",
        bad=("document.documentLayout().setPaintDevice(writer)",),
        good=("document = blank_document(size, writer)",),
        allowed={"ui/core/drawing.py": "where it comes after the size"},
    ),
    Rule(
        "no_sleep",
        r"\btime\.sleep\(|\bqtbot\.wait\(|\bQTest\.qWait\(|from time import .*\bsleep\b",
        "wait for what must happen, with a limit; a pause is too long here and too short elsewhere",
        bad=("    time.sleep(1)", "qtbot.wait(200)"),
        good=("qtbot.waitUntil(ready)", "event.wait(timeout=5)"),
    ),
    Rule(
        "no_print",
        r"(?<![\w.])print\(",
        "what a program has to say goes to the window, to the command line's own writer or to the log",
        bad=('print("x")', "    print()"),
        good=("pprint(x)", "painter.print(x)", "blueprint(x)"),
        where=("jmdesk/*.py", "sync/*.py", "ui/*.py"),
        allowed={"jmdesk/cli/*": "the command line speaks to people"},
    ),
    Rule(
        "no_bare_except",
        r"^\s*except\s*:|except Exception:\s*pass",
        "name what may happen; everything else is a bug and must be seen",
        bad=("except:", "except Exception: pass"),
        good=("except ValueError:", "except (OSError, ValueError) as error:"),
    ),
    Rule(
        "no_blanket_ignore",
        r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:\s*[A-Z])|#\s*mypy:\s*ignore",
        "an exception names the one finding it means",
        bad=("x = 1  # type: ignore", "import x  # noqa"),
        good=("x = 1  # type: ignore[assignment]", "import x  # noqa: F401"),
    ),
    Rule(
        "no_skipped_test",
        r"pytest\.mark\.(skip|xfail)\b|pytest\.skip\(|importorskip",
        "a test that may be skipped says nothing on the day it is needed",
        bad=("@pytest.mark.skip", 'pytest.skip("later")'),
        good=("@pytest.mark.slow", "@pytest.mark.parametrize"),
        where=("tests/*.py",),
        allowed={"tests/sync/kit/conftest.py": "the Java verifier needs a JDK, which an office or a plain CI has not"},
    ),
    Rule(
        "no_registry_host",
        r"(?i)p[y]pi\.org|python[h]osted\.org|registry\.n[p]mjs|deb\.d[e]bian\.org|archive\.u[b]untu\.com|--(extra-)?index-url|--find-links",
        "packages are named; where they come from is for whoever installs them to say",
        bad=("https://py" + "pi.org/simple", "--index-url https://mirror"),
        good=("pip install requests==2.32", "https://example.org"),
        where=("*",),
    ),
    Rule(
        "no_workplace_path",
        r"(?<![\w.])/(w[o]rk|f[a]rm|h[o]me/\w+|r[o]ot)/",
        "the program knows no folder of the computer it was written on",
        bad=("/wo" + "rk/main/x", "open('/ro" + "ot/.config')"),
        good=("docs/" + "work/x", "./" + "work/x", "https://a.b/c"),
        where=("*",),
    ),
    Rule(
        "the_clock_comes_by_constructor",
        r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|(?<![\w.])time\.time\(",
        "a deadline that reads the wall clock cannot be tested or recomputed",
        bad=("at = datetime.now(UTC)", "day = date.today()"),
        good=("at = clock.now()", "time.monotonic()"),
        where=("jmdesk/*.py", "sync/*.py", "ui/*.py"),
        allowed={"jmdesk/core/clock.py": "the one place that asks the computer"},
    ),
    Rule(
        "no_float_for_money",
        r"(?<![\w.])float\(|\bDecimal\(\s*-?\d*\.\d|\bREAL\b|sqlalchemy\.Float|\bsa\.Float",
        "amounts and points are decimal strings, scaled integers or fractions; a float loses cents",
        bad=('float("1.10")', "Decimal(0.1)"),
        good=('Decimal("0.1")', "isinstance(cell, float)", "def seconds(self) -> float:"),
        where=("jmdesk/*.py", "sync/*.py"),
        allowed={
            "jmdesk/registers/flaws.py": "writes numbers as spreadsheets spoil them, on purpose",
            "jmdesk/ratings/facts_schema.py": "prints the limit of an input",
        },
    ),
    Rule(
        "no_modal_message",
        r"\bQMessageBox\b|\bQInputDialog\b|\bQErrorMessage\b",
        "a notice with undo instead of a question; what is irreversible asks in ui/core/messages.py",
        bad=("QMessageBox.exec()", "QMessageBox.warning(self, a, b)"),
        good=("messages.confirm(question)",),
        where=("ui/*.py", "jmdesk/*.py"),
    ),
    Rule(
        "no_plain_sqlite",
        r"^\s*(import|from)\s+sqlite3\b",
        "every file with records is encrypted; a plain database would be one by accident",
        bad=("import sqlite3",),
        good=("import sqlcipher3", "from sqlcipher3 import dbapi2"),
        where=("jmdesk/*.py", "ui/*.py", "sync/*.py"),
    ),
    Rule(
        "no_rekey",
        r"(?i)\brekey\b",
        "a key is changed by writing a new file under a new key, never in place",
        bad=('connection.execute("PRAGMA rekey")',),
        good=("keys", "PRAGMA key"),
        where=("jmdesk/*.py",),
    ),
    Rule(
        "no_grab_bag",
        r"^\s*class \w*(Manager|Helper|Utils?|Wrapper|Processor)\b",
        "a class is named after what it is, so that a stranger finds it",
        bad=("class VaultManager:", "class ImportHelper(Base):"),
        good=("class Vault:", "class Enrolment:"),
    ),
    Rule(
        "nothing_left_open",
        r"\b(TODO|FIXME|XXX|HACK)\b",
        "what is open stands in the tracker, not in the code",
        bad=("# TODO: later", "# FIXME"),
        good=("# todos os santos", "XXXL"),
        where=("*.py", "*.sh", "*.qss", "Makefile"),
    ),
]

# Words of the interface that get an office into trouble (or mean something else elsewhere), and what to write instead.
WORDS = [
    Rule("nr", r"不予评定", "信息不足，暂不评定", bad=("不予评定",), good=("信息不足，暂不评定",)),
    Rule("veto", r"一票否决", "暂缓评定(附依据)；情形叫“暂缓评定情形”", bad=("一票否决项",), good=("暂缓评定情形",)),
    Rule(
        "grade",
        r"不合格|失信户|差户|等级[为：:]?\s*差|信用(较)?差",
        "暂未达到信用户条件",
        bad=("评定不合格", "信用差"),
        good=("差额", "偏差"),
    ),
    Rule("dishonest", r"失信", "需关注事项(没有法律文书编号时)", bad=("失信名单",), good=("需关注事项",)),
    Rule(
        "score",
        r"信用分(?![类析])|征信",
        "本次评定得分(仅供评定)；信用信息档案",
        bad=("信用分：82", "征信档案"),
        good=("信用分类", "评定得分"),
    ),
    Rule("declined", r"拒绝配合", "本人选择不提供", bad=("拒绝配合",), good=("本人选择不提供",)),
    Rule("withdrawn", r"注销(授权|同意)|(授权|同意)(已)?注销", "撤回授权", bad=("注销授权",), good=("企业已注销",)),
    Rule(
        "withdrawal",
        r"撤回(?!授权|报送|了?授权|的授权|事由|日期|时间)",
        "撤回授权 或 撤回报送",
        bad=("确定撤回？",),
        good=("撤回授权", "撤回报送"),
    ),
    Rule("notice", r"评级公示", "拟认定名单公示(征求意见)；认定结果", bad=("评级公示",), good=("拟认定名单公示",)),
    Rule(
        "ruling",
        r"决定书|裁定|责令|责任认定",
        "协会核查意见；不属于本会调解范围告知书",
        bad=("责令改正",),
        good=("协会核查意见",),
    ),
    Rule(
        "outbox",
        r"同步冲突|队列",
        "两处修改不一致；待报送",
        bad=("同步冲突", "上传队列"),
        good=("两处修改不一致", "待报送"),
    ),
    Rule(
        "delete",
        r"(确定|确认|是否|(?<!不)要)删除|^删除$|删除(此|该|本|这)?(条|户|记录|档案|农户|企业|资料)",
        "作废(留痕)；退回补正",
        bad=("删除记录", "确定删除？"),
        good=("作废", "请删除多余的空格"),
    ),
    Rule("vault", r"保险库|密钥库", "本机资料库；开库口令", bad=("打开保险库",), good=("打开本机资料库",)),
    Rule("credit_limit", r"授信额度", "银行公布的参考政策", bad=("授信额度",), good=("银行公布的参考政策",)),
    Rule("term", r"法定期限", "本会承诺期限", bad=("法定期限45日",), good=("本会承诺期限45日",)),
]
# word rule → {file: why the word is right there}
WORDS_ALLOWED: dict[str, dict[str, str]] = {}
SPOKEN = (
    "ui/*.py",
    "jmdesk/*.py",
    "resources/i18n/*",
    "resources/help/*",
    "resources/templates/*",
    "README.zh-CN.md",
    "resources/CHANGELOG.md",
)


@cache
def tracked_files() -> tuple[str, ...]:
    """Every file under version control, or every file of a checkout on a machine without git."""
    return tuple(sorted(name for name in _listed() or _walked() if (ROOT / name).is_file()))


def _listed() -> list[str]:
    git = shutil.which("git")
    if git is None:
        return []
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in listed.stdout.split("\0") if name]


def _walked() -> Iterator[str]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.endswith((".egg-info", "_cache"))]
        yield from (Path(folder, name).relative_to(ROOT).as_posix() for name in files)


@cache
def text_of(name: str) -> str:
    """A file's text; a binary file's is empty."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def spoken_texts(name: str) -> tuple[tuple[int, str], ...]:
    """The texts with Chinese characters that a person may read, with their lines: no comments, no docstrings."""
    text = text_of(name)
    if name.endswith(".py"):
        tree = ast.parse(text)
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found = [
            (node.lineno, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ]
    elif name.endswith(".json"):
        found = [(0, value) for value in _strings(json.loads(text))]
    else:
        found = list(enumerate(text.splitlines(), 1))
    return tuple((line, value) for line, value in found if re.search(r"[\u4e00-\u9fff]", value))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_house_rule_is_kept(rule: Rule) -> None:
    broken = {
        name: lines for name in tracked_files() if rule.applies_to(name) and (lines := rule.found_in(text_of(name)))
    }
    assert not broken, rule.reason


@pytest.mark.parametrize("rule", WORDS, ids=lambda rule: rule.name)
def test_a_word_that_harms_an_office_is_not_spoken(rule: Rule) -> None:
    allowed = WORDS_ALLOWED.get(rule.name, {})
    spoken = [
        f"{name}:{line} {text}"
        for name in tracked_files()
        if any(fnmatch(name, glob) for glob in SPOKEN) and name not in allowed
        for line, text in spoken_texts(name)
        if re.search(rule.pattern, text)
    ]
    assert not spoken, f"write instead: {rule.reason}"


@pytest.mark.parametrize("rule", RULES + WORDS, ids=lambda rule: rule.name)
def test_a_house_rule_bites_what_it_means_and_nothing_else(rule: Rule) -> None:
    assert rule.reason
    assert rule.bad
    assert all(rule.found_in(sample) for sample in rule.bad)
    assert not any(rule.found_in(sample) for sample in rule.good)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_exception_of_a_house_rule_is_still_needed(rule: Rule) -> None:
    for glob, why in rule.allowed.items():
        assert why
        files = [name for name in tracked_files() if fnmatch(name, glob)]
        assert any(rule.found_in(text_of(name)) for name in files), f"{glob} needs no exception any more"


def test_an_exception_of_a_word_is_still_needed() -> None:
    patterns = {rule.name: rule.pattern for rule in WORDS}
    for word, files in WORDS_ALLOWED.items():
        for name, why in files.items():
            assert why
            assert any(re.search(patterns[word], text) for _, text in spoken_texts(name)), (word, name)


def test_no_file_is_two_rooms_in_one() -> None:
    lengths = {name: text_of(name).count("\n") for name in tracked_files() if name.endswith((".py", ".sh", ".qss"))}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}


def test_no_file_is_a_grab_bag() -> None:
    assert not [name for name in tracked_files() if re.search(r"(^|/)(utils?|helpers?|misc|common)(\.py|/)", name)]


def test_only_texts_and_small_data_are_tracked() -> None:
    assert not [name for name in tracked_files() if (ROOT / name).stat().st_size > 1_500_000]


def test_locked_packages_all_carry_hashes() -> None:
    entries = re.split(r"\n(?=\S)", text_of("requirements.lock").strip())
    assert len(entries) > 50
    assert not [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry]
