"""Nobody waits for ever, nor alone: renewals are shared, and Ctrl-C gets through."""

import os
import signal
import threading
import time
import warnings

import pytest

import earthcare_tutorial as ect
from earthcare_tutorial import _threads, auth
from tests.trust.known import ANSWER, OFFLINE
from tests.trust.listener import whole
from tests.trust.renderers import renderings


def in_threads(number, call):
    """Call in so many threads at a time, and return what each returned or raised."""
    got = []

    def run():
        try:
            got.append(call())
        except OSError as error:
            got.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def expired(token):
    token._renew_at = token._ends_at = 0.0
    return token


def test_six_readers_share_one_failed_renewal(esa_maap, token):
    esa_maap.fail("offline token ended")
    got = in_threads(6, expired(token).bearer)
    got += in_threads(6, token.bearer)  # those who come just after it
    assert {type(each) for each in got} == {PermissionError}
    assert len({id(each) for each in got}) == 12
    assert len([one for one in esa_maap.log if one.path.endswith("/token")]) == 2
    esa_maap.heal()
    assert token.renew() == esa_maap.access_tokens[1]  # asked for by hand, it is tried at once


def test_who_asks_before_those_who_waited_have_woken_is_told_the_same(esa_maap, token, monkeypatch):
    esa_maap.fail("offline token ended")
    wait, others = auth.wait, []

    def wakes_late(*given):
        try:
            return wait(*given)
        except PermissionError:
            if not others:
                others.append(None)
                others.extend(in_threads(1, token.bearer))
            raise

    monkeypatch.setattr(auth, "wait", wakes_late)
    with pytest.raises(PermissionError):
        expired(token).bearer()
    assert isinstance(others[1], PermissionError)
    assert len([one for one in esa_maap.log if one.path.endswith("/token")]) == 2


def test_a_silent_token_service_is_left_in_time(token_server, monkeypatch):
    monkeypatch.setattr(auth, "RENEWAL_PATIENCE", 0.3)
    server = token_server(None)
    with pytest.raises(ConnectionError, match=r"No answer from 127\.0\.0\.1 in 0 s: try later"):
        ect.login(offline_token=OFFLINE)
    token = auth.Token(OFFLINE, {"CLIENT_ID": "a", "CLIENT_SECRET": "b"}, "test")
    got = in_threads(6, token.bearer) + in_threads(2, token.bearer)
    assert {type(each) for each in got} == {ConnectionError}
    assert len(server.kept) == 2, "one request for all"


def test_a_computer_that_sleeps_loses_no_answer(monkeypatch):
    """Nor one so busy that this process does not run: the answer is there when it wakes."""
    done, slept = _threads.Call(), []

    def sleep(waiting, seconds):
        slept.append(time.sleep(0.5))
        if len(slept) == 2:
            done.set_result("the answer")

    monkeypatch.setattr(_threads.futures, "wait", sleep)
    assert _threads.wait(done, 0.4, "No answer in 0.4 s.") == "the answer"


def test_a_good_token_outlives_an_outage(esa_maap, token, monkeypatch):
    token._renew_at = 0.0
    (first,) = esa_maap.access_tokens
    esa_maap.fail_next(*[503] * 6)
    assert token.bearer() == first
    assert token.bearer() == first
    assert not esa_maap.faults, "asked so often, and then left alone for a while"
    monkeypatch.setattr(auth, "_REMEMBERED", 0.0)
    assert token.bearer() == esa_maap.access_tokens[1]


def test_a_new_token_that_is_rejected_is_no_end(esa_maap, token, granule, monkeypatch):
    monkeypatch.setattr("earthcare_tutorial._http.LONGEST_PAUSE", 0.01)
    esa_maap.fail("401 mid-stream", after=0, times=12)  # by each of six connections both times
    assert ect.open_granule(granule, token, "time")["time"].size
    assert not esa_maap.faults


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
def test_ctrl_c_stops_a_login(token_server):
    server = token_server(None)

    def interrupt():
        while not server.asked:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt) as caught:
        ect.login(offline_token=OFFLINE)
    assert not [text for text in renderings(caught.value) if OFFLINE in text]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork of Unix")
def test_a_fork_while_a_thread_renews(token_server):
    server = token_server(None, whole(ANSWER))
    token = auth.Token(OFFLINE, {"CLIENT_ID": "a", "CLIENT_SECRET": "b"}, "test")
    _threads.in_thread(token.bearer)
    while not server.asked:
        time.sleep(0.01)
    token._lock.acquire()  # the worst moment
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of a fork beside threads: rightly
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if token.bearer() == "access-token-1" else 1)
    token._lock.release()
    assert os.waitpid(child, 0)[1] == 0
