import pytest
from django.core.cache import cache

from config.json_cache import JSONSerializer


@pytest.mark.parametrize("value", [None, True, 7, -1, 0.5, "é\x00", [1, {"a": None}], {"b": [True]}])
def test_value_comes_back_as_it_was(value):
    stored = JSONSerializer().dumps(value)

    assert JSONSerializer().loads(stored if isinstance(stored, bytes) else str(stored).encode()) == value


def test_object_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        JSONSerializer().dumps(object())


@pytest.mark.postgres
def test_redis_cache_counts_and_keeps_json():
    cache.set("seen", 1)
    cache.incr("seen")
    cache.set("page", {"rows": [1, 2]}, timeout=30)

    assert cache.get("seen") == 2
    assert cache.get("page") == {"rows": [1, 2]}
