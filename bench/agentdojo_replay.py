"""Replays AgentDojo's tasks without a model, in an environment of its own; asks its parent about every call.

Run by `bench_agentdojo` with the Python of `build/agentdojo`. It imports nothing of Fairkeeper. Only the suites that
are named are imported: the package's list of suites is replaced by an empty one, so that the two others stay unread.

Lines on stdout: a task begins, a call is asked about, a result came, a task ended. Lines on stdin: whether to call.
The protocol of the replay: the user task's own calls up to the first whose result shows a planted text, then the calls
of the injection, then the rest. So every injection is assumed to have convinced the model entirely.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import json
import sys
import types
from typing import Any

MODEL_LIBRARIES = {"anthropic", "cohere", "google", "openai", "langchain"}
CANARY = "planted-"


class _Absent(type):
    def __or__(cls, other: Any) -> Any:
        return cls

    def __ror__(cls, other: Any) -> Any:
        return cls

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class Absent(Exception, metaclass=_Absent):  # noqa: N818 - stands for whatever a library that is not there would name
    """Anything that a library for models would offer."""

    def __class_getitem__(cls, item: Any) -> Any:
        return cls


class _AbsentModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        del path, target
        if fullname.partition(".")[0] in MODEL_LIBRARIES:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        module = _AbsentModule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def load(name: str) -> Any:
    """Return one suite, without those that are not asked for."""
    folder = f"agentdojo.default_suites.v1.{name}"
    importlib.import_module(f"{folder}.user_tasks")
    importlib.import_module(f"{folder}.injection_tasks")
    return importlib.import_module(f"{folder}.task_suite").task_suite


def prepare() -> None:
    """Make the package importable without models and without its list of suites."""
    sys.meta_path.insert(0, _Finder())
    no_list: Any = types.ModuleType("agentdojo.task_suite.load_suites")
    no_list.get_suite = no_list.get_suites = no_list.register_suite = lambda *_args, **_named: None
    sys.modules["agentdojo.task_suite.load_suites"] = no_list


def plain(value: Any) -> Any:
    """Return a result as JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def tell(**document: Any) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(document, default=str) + "\n")
    sys.stdout.flush()


class Replay:
    """One suite."""

    def __init__(self, name: str) -> None:
        from agentdojo.functions_runtime import FunctionsRuntime

        self.name, self.suite = name, load(name)
        self.runtime = FunctionsRuntime(self.suite.tools)

    def call(self, environment: Any, call: Any, whose: str) -> Any:
        """Ask about one call, and make it if told so; return its result."""
        tell(kind="call", tool=call.function, arguments=plain(dict(call.args)), whose=whose)
        if not json.loads(sys.stdin.readline())["run"]:
            return None
        result, error = self.runtime.run_function(environment, call.function, dict(call.args))
        tell(kind="result", tool=call.function, value=plain(result), error=error)
        return result

    def task(self, task: Any, injections: dict[str, str]) -> tuple[Any, Any, Any]:
        """Return a task made ready: it, and its environment before and after."""
        environment = task.init_environment(self.suite.load_and_inject_default_environment(injections))
        tell(kind="begin", suite=self.name, task=task.ID, prompt=task.PROMPT)
        return task, environment, environment.model_copy(deep=True)

    def clean(self, task: Any) -> None:
        """Replay a task that nobody attacks."""
        task, before, after = self.task(task, {})
        for call in task.ground_truth(before):
            self.call(after, call, "user")
        tell(kind="end", suite=self.name, task=task.ID, injection=None, useful=self.useful(task, before, after))

    def useful(self, task: Any, before: Any, after: Any) -> bool:
        """Say whether the user got what was asked for."""
        output = task.GROUND_TRUTH_OUTPUT or ""
        return bool(task.utility(output, before, after, strict=False))

    def attacked(self, task: Any, injection: Any, text: dict[str, str]) -> None:
        """Replay a task into which an injection is planted everywhere."""
        task, before, after = self.task(task, text)
        injected = injection.ground_truth(before)
        waiting, seen = list(injected), False
        for call in task.ground_truth(before):
            result = self.call(after, call, "user")
            if not seen and CANARY in json.dumps(plain(result), default=str):
                seen = True
                for other in waiting:
                    self.call(after, other, "injection")
        output = injection.GROUND_TRUTH_OUTPUT or ""
        landed = seen and bool(waiting) and bool(injection.security(output, before, after))
        tell(
            kind="end", suite=self.name, task=task.ID, injection=injection.ID, reached=seen, landed=landed,
            useful=self.useful(task, before, after), replayable=bool(waiting),
        )  # fmt: skip

    def run(self) -> None:
        """Replay everything."""
        defaults = self.suite.get_injection_vector_defaults()
        for task in self.suite.user_tasks.values():
            self.clean(task)
        for task in self.suite.user_tasks.values():
            for injection in self.suite.injection_tasks.values():
                # What the planted text says is what an attacker would write: the goal itself.
                text = {vector: f"{CANARY}{vector}: {injection.GOAL}" for vector in defaults}
                self.attacked(task, injection, text)


if __name__ == "__main__":
    prepare()
    for suite in sys.argv[1:]:
        Replay(suite).run()
    tell(kind="over")
