# SPDX-License-Identifier: Apache-2.0
"""How many packets a gateway has decrypted, over rekeys."""
import threading
import time


class PacketCount:
    """Packets on all inbound SAs that there were since this was made, those that are gone included: asks many times a
    second, as the counter of an SA goes with it."""

    INTERVAL_SECONDS = 0.1

    def __init__(self, gateway):
        self.gateway = gateway
        self.before = {spi: row["packets"] for spi, row in gateway.sas("in").items()}
        self.seen = dict(self.before)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _look(self):
        self.seen.update({spi: row["packets"] for spi, row in self.gateway.sas("in").items()})

    def _watch(self):
        while not self.ended.wait(self.INTERVAL_SECONDS):
            self._look()

    def now(self):
        """By SPI."""
        return {spi: packets - self.before.get(spi, 0) for spi, packets in dict(self.seen).items()}

    def end(self, expected, patience_seconds=5):
        """By SPI, as soon as there are as many as expected, or time is up."""
        deadline = time.monotonic() + patience_seconds
        while sum(self.now().values()) < expected and time.monotonic() < deadline:
            time.sleep(0.05)
        self.ended.set()
        self.thread.join()
        self._look()
        return self.now()
