import threading

from mho.caching import cached_property


class Slow:
    def __init__(self):
        self.begun, self.go_on, self.times = threading.Event(), threading.Event(), 0

    @cached_property
    def value(self):
        """A number."""
        self.times += 1
        self.begun.set()
        assert self.go_on.wait(20)
        return self.times


def test_one_object_does_not_wait_for_another():
    """A lock that both share would be held for ever in a child that is forked meanwhile."""
    slow, quick = Slow(), Slow()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert slow.begun.wait(20)
    quick.go_on.set()
    asked = threading.Thread(target=lambda: quick.value, daemon=True)
    asked.start()
    asked.join(20)
    waited = asked.is_alive()
    slow.go_on.set()
    thread.join(20)
    assert not waited
    assert (slow.value, quick.value, slow.times, quick.times) == (1, 1, 1, 1)


def test_a_value_is_computed_once_may_be_set_and_is_forgotten_when_deleted():
    one = Slow()
    one.go_on.set()
    assert (one.value, one.value, one.times) == (1, 1, 1)
    del one.value
    assert one.value == 2
    one.value = 9
    assert (one.value, one.times) == (9, 2)


def test_the_class_shows_the_property_and_its_text():
    assert isinstance(Slow.value, cached_property)
    assert Slow.value.__doc__ == "A number."
