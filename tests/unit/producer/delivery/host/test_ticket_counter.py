"""The counter is exact, whoever counts and whoever reads."""

import threading

from tasker_producer.delivery.host.ticket_counter import TicketCounter

EACH = 5_000


def test_threads_that_count_and_read_at_once_lose_nothing() -> None:
    counter = TicketCounter()

    def count() -> None:
        for number in range(EACH):
            counter.add()
            if number % 100 == 0:
                counter.value()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value() == 4 * EACH
    counter.reset()
    assert counter.value() == 0
