"""Tasks that wait are handed out by place."""

import made_tasks

from kscale.engine.waiting import Waiting


def test_a_worker_stays_and_a_new_one_goes_where_nobody_was() -> None:
    """Then they share what is longest."""
    tasks = made_tasks.tasks(pages=(1, 2, 3, 4), seeds=(0, 1))
    first, second = made_tasks.places((0, 1))
    waiting = Waiting(tasks)
    assert waiting.take(None, 1) == tasks[:1]
    assert waiting.take(first, 1) == tasks[1:2]
    assert waiting.take(None, 1) == tasks[4:5]
    assert waiting.take(None, 1) == tasks[5:6]  # the second has more left by one
    assert (waiting.take(second, 9), waiting.count) == (tasks[6:8] + tasks[2:4], 0)
    assert waiting.take(first, 1) == ()


def test_what_is_put_back_is_the_next_of_its_place() -> None:
    """In its order, also where a place was empty."""
    tasks = made_tasks.tasks(pages=(1, 2, 3), seeds=(0, 1))
    waiting = Waiting(tasks)
    taken = waiting.take(None, 6)
    assert taken == tasks
    waiting.back(taken[1:])
    assert waiting.count == 5
    assert waiting.take(tasks[0].place, 2) == tasks[1:3]
    assert waiting.take(None, 9) == tasks[3:]
