# SPDX-License-Identifier: Apache-2.0
"""espgate beside DPDK's ipsec-secgw and testpmd: same device, same traffic, one core, by turns. docs/benchmarking.md.

Each program polls one core, so only one runs at a time: the others are stopped (SIGSTOP) while it has its turn of a
fraction of a second. Its packets are held against the CPU time that it got, not against the clock: time that others
took from it is not its own."""

import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import report

EXAMPLES = [pathlib.Path("/usr/share/dpdk/examples/ipsec-secgw"), pathlib.Path("/usr/share/doc/dpdk-doc/examples/ipsec-secgw")]
SUITES = ["aes128gcm16", "aes128-sha1", "aes256-sha256"]
SIZES = ["64", "256", "1024", "1400", "imix"]
SA_COUNTS = [1, 1000, 10000]
QUICK = {"suites": ["aes128gcm16", "aes128-sha1"], "sizes": ["64", "1400"], "sas": [1, 1000]}
# At most this share of ipsec-secgw's cycles above crypto and device.
GOALS = {"espgate": 0.5, "espgate_l2tp": 0.7}
GCM_DRIVER, CBC_DRIVER = "crypto_aesni_gcm0", "crypto_aesni_mb0"
PATIENCE = 60  # seconds that a program may take to begin
WARM_UP = 0.03


class Failure(Exception):
    """What could not be measured, for people."""


def run_checked(command, what, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failure(f"{what} failed:\n{done.stdout[-2000:]}")
    return done.stdout.strip()


def build_secgw(folder, march):
    """Debian's own source of ipsec-secgw, compiled as espgate is. The program, and how it was made."""
    source = next((each for each in EXAMPLES if (each / "ipsec-secgw.c").exists()), None)
    if source is None:
        raise Failure("ipsec-secgw's source is not there: install dpdk-doc")
    compiler = os.environ.get("CC") or shutil.which("gcc-12") or "cc"
    version = run_checked(["pkg-config", "--modversion", "libdpdk"], "pkg-config")
    flags = run_checked(["pkg-config", "--cflags", "libdpdk"], "pkg-config").split()
    flags = ["-O3", *[flag for flag in flags if not flag.startswith("-march")], f"-march={march}", "-DALLOW_EXPERIMENTAL_API"]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    # It insists that the port checks checksums, which net_pcap can't do; it works without.
    main = folder / "ipsec-secgw.c"
    text = main.read_text()
    if text.count(".offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM,") != 1:
        raise Failure(f"this ipsec-secgw ({version}) asks for checksum offload in another place than ours")
    main.write_text(text.replace(".offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM,", ".offloads = 0,"))
    libraries = run_checked(["pkg-config", "--libs", "libdpdk"], "pkg-config").split()
    sources = sorted(folder.glob("*.c"))
    compiling = [subprocess.Popen([compiler, *flags, "-w", "-c", str(each), "-o", str(each.with_suffix(".o"))]) for each in sources]
    if any([each.wait() for each in compiling]):
        raise Failure("ipsec-secgw does not compile: is libdpdk-dev there?")
    program = folder / "ipsec-secgw"
    run_checked([compiler, *[str(each.with_suffix(".o")) for each in sources], "-o", str(program), *libraries], "linking ipsec-secgw")
    return program, f"ipsec-secgw of DPDK {version}, {pathlib.Path(compiler).name} {' '.join(flags[:1] + flags[-2:])}"


class Competitor:
    """A program that polls the measured core; stopped unless it has its turn."""

    def __init__(self, name, command, folder):
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.log = self.folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self.output(log), stderr=log, text=True,
                                            cwd=self.folder, env={**os.environ, "RUNTIME_DIRECTORY": str(self.folder)})
        self.clock = (~self.process.pid << 3) | 2  # CPU time of the process: clock_getcpuclockid(3)

    def output(self, log):
        return log

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"{self.name} did not begin to forward:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def sample(self):
        """CPU seconds and packets at one moment."""
        for _ in range(20):
            before = time.clock_gettime(self.clock)
            packets = self.packets()
            after = time.clock_gettime(self.clock)
            if after - before < 0.001:
                break
        return (before + after) / 2, packets

    def run_for(self, seconds):
        """Until it has had so much of the CPU."""
        end = time.clock_gettime(self.clock) + seconds
        deadline = time.monotonic() + PATIENCE
        while (left := end - time.clock_gettime(self.clock)) > 0 and time.monotonic() < deadline:
            time.sleep(max(left, 0.001))

    def turn(self, seconds):
        """CPU seconds per packet."""
        self.resume()
        self.run_for(WARM_UP)
        start, before = self.sample()
        self.run_for(seconds)
        end, after = self.sample()
        self.pause()
        if after - before < 1000:
            raise Failure(f"{self.name} does not forward:\n{self.log.read_text()[-2000:]}")
        return (end - start) / (after - before)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()


class DpdkProgram(Competitor):
    """Counts by DPDK's telemetry socket: what port 1 has sent."""

    socket = None

    def is_ready(self):
        for path in self.folder.rglob("dpdk_telemetry.v2"):
            if self.socket is None:
                try:
                    self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    self.socket.settimeout(10)
                    self.socket.connect(str(path))
                    self.socket.recv(4096)
                except OSError:
                    self.socket = None
            if self.socket is not None:
                return self.packets() > 0
        return False

    def packets(self):
        self.socket.send(b"/ethdev/stats,1")
        answer = json.loads(self.socket.recv(65536).decode())["/ethdev/stats"]
        return answer["opackets"] if answer else 0


class PortBench(Competitor):
    """espgate-port-bench run: counts when asked."""

    hz = None
    engine = None

    def output(self, log):
        return subprocess.PIPE

    def is_ready(self):
        line = self.process.stdout.readline()
        if not line:
            return False
        ready = json.loads(line)
        self.hz, self.engine = ready["hz"], ready["engine"]
        return True

    def ask(self, question="count"):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def packets(self):
        answer = self.ask()
        if answer["lost"]:
            raise Failure(f"{self.name} has lost packets: {answer}")
        return answer["packets"]


class CryptoAlone(PortBench):
    """Answers with cycles per packet; runs only when asked."""

    def turn(self, seconds):
        self.process.stdin.write(f"{int(seconds * 1000)}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.name} failed:\n{self.log.read_text()[-2000:]}")
        return json.loads(line)["cycles_per_packet"] / self.hz


class Case:
    """One suite, size and number of SAs: everybody's programs, started and stopped."""

    def __init__(self, options, folder, suite, size, sas):
        self.options, self.folder = options, folder
        self.suite, self.size, self.sas = suite, size, sas
        self.packets = max(1024, sas)
        self.cpus = sorted(os.sched_getaffinity(0))
        self.cpu = int(options.cpu) if options.cpu and options.cpu != "any" else self.cpus[-1]
        self.other = next((cpu for cpu in self.cpus if cpu != self.cpu), self.cpu)
        self.bench = str(options.binary.resolve().parent / "espgate-port-bench")

    def traffic(self, shape):
        return ["--suite", self.suite, "--size", self.size, "--sas", str(self.sas), "--packets", str(self.packets), "--shape", shape]

    def devices(self, shape):
        return f"net_pcap0,rx_pcap={self.folder}/{shape}.pcap,infinite_rx=1", "net_null0,no-rx=1"

    def make_traffic(self):
        for shape in ("tunnel", "l2tp"):
            run_checked([self.bench, "traffic", *self.traffic(shape), "--pcap", f"{self.folder}/{shape}.pcap",
                         *(["--secgw", f"{self.folder}/secgw.cfg"] if shape == "tunnel" else [])], "making the capture")

    def eal(self, lcores, shape, extra=()):
        outside, inside = self.devices(shape)
        memory = ["-m", str(512 + self.packets // 8)]
        return ["--lcores", lcores, *memory, "--in-memory" if self.options.hugepages else "--no-huge", "--no-pci", "--iova-mode=va",
                "--file-prefix", "peer", "--vdev", outside, "--vdev", inside, *extra]

    def testpmd(self, name, shape):
        return DpdkProgram(name, ["dpdk-testpmd", *self.eal(f"0@{self.other},1@{self.cpu}", shape), "--", "--forward-mode=io",
                                  "--nb-cores=1", f"--total-num-mbufs={self.buffers()}", "--burst=32", "--auto-start",
                                  "--stats-period=3600"], self.folder)

    def buffers(self):
        return self.packets + 16384

    def secgw(self, program):
        driver = GCM_DRIVER if "gcm" in self.suite else CBC_DRIVER
        return DpdkProgram("secgw", [str(program), *self.eal(f"0@{self.cpu}", "tunnel", ["--vdev", driver]), "--", "-p", "0x3",
                                     "-u", "0x1", "-s", str(self.buffers()), "--config", "(0,0,0),(1,0,0)", "-f",
                                     f"{self.folder}/secgw.cfg"], self.folder)

    def espgate(self, name, shape):
        outside, inside = self.devices(shape)
        return PortBench(name, [self.bench, "run", *self.traffic(shape), "--outside", outside, "--inside", inside, "--cpu",
                                str(self.cpu), "--buffers", str(self.buffers()),
                                *(["--hugepages"] if self.options.hugepages else [])], self.folder)

    def crypto(self, name, shape):
        return CryptoAlone(name, [self.bench, "crypto", *self.traffic(shape), "--cpu", str(self.cpu)], self.folder)

    def measure(self, secgw_program, rounds, seconds):
        """A dictionary of lists, an entry a round: cycles of the time stamp counter per packet."""
        self.make_traffic()
        with contextlib.ExitStack() as stack:
            makers = [lambda: self.testpmd("device", "tunnel"), lambda: self.testpmd("device_l2tp", "l2tp"),
                      lambda: self.crypto("crypto", "tunnel"), lambda: self.crypto("crypto_l2tp", "l2tp"),
                      lambda: self.secgw(secgw_program), lambda: self.espgate("espgate", "tunnel"),
                      lambda: self.espgate("espgate_l2tp", "l2tp")]
            everybody = []
            for make in makers:
                each = make()
                stack.callback(each.close)
                each.wait_ready()
                if not isinstance(each, CryptoAlone):
                    each.pause()
                everybody.append(each)
            hz = next(each.hz for each in everybody if isinstance(each, PortBench))
            engine = next(each.engine for each in everybody if isinstance(each, PortBench))
            figures = {each.name: [] for each in everybody}
            for number in range(rounds):
                # The other way round each second time: who comes first has no advantage.
                for each in everybody if number % 2 == 0 else reversed(everybody):
                    figures[each.name].append(each.turn(seconds) * hz)
        return figures, hz, engine


def spread(values):
    middle = statistics.median(values)
    return {"median": round(middle, 3), "mad": round(statistics.median(abs(value - middle) for value in values), 3)}


def digest(case, figures, hz):
    """What the table shows of a case: everything is worked out pair by pair, then the median taken."""
    device = {"espgate": "device", "secgw": "device", "espgate_l2tp": "device_l2tp"}
    crypto = {"espgate": "crypto", "secgw": "crypto", "espgate_l2tp": "crypto_l2tp"}
    above = {name: [a - b - c for a, b, c in zip(figures[name], figures[crypto[name]], figures[device[name]])] for name in device}
    row = {"suite": case.suite, "size": case.size, "sas": case.sas, "packets": case.packets, "rounds": figures,
           "cycles": {name: spread(values) for name, values in figures.items()},
           "above": {name: spread(values) for name, values in above.items()},
           "mpps": {name: round(hz / 1e6 / statistics.median(figures[name]), 3) for name in device}}
    for name in ("espgate", "espgate_l2tp"):
        row["mpps_ratio_" + name] = spread([b / a for a, b in zip(figures[name], figures["secgw"])])
        row["above_ratio_" + name] = spread([a / b if b > 0 else float("inf") for a, b in zip(above[name], above["secgw"])])
        row["goal_met_" + name] = row["above_ratio_" + name]["median"] <= GOALS[name]
    return row


def print_head():
    print("\nCycles of the time stamp counter per packet, medians. device: testpmd io on the same two devices; crypto: the same jobs, "
          "64 at a time,\n"
          "in libipsec-mb alone; above: what is left of a program's cycles without those two, ± median absolute deviation. "
          "'above' of\nespgate is held against ipsec-secgw's pair by pair. espgate's replay window is computed and committed and its verdict "
          "ignored,\nsince the looped capture repeats sequence numbers; ipsec-secgw keeps no window.\n")
    print(f"{'':27}|{'alone':^15}|{'ipsec-secgw':^25}|{'espgate, same traffic':^38}|{'espgate, NAT-T + L2TP + PPP':^38}")
    program = f"{'Mpps':>6} {'cycles':>7} {'above':>10} "
    print(f"{'suite':14} {'size':>5} {'SAs':>6}|{'device':>7} {'crypto':>7}|{program}|{program}{'Mpps×':>6} {'above×':>6}|"
          f"{program}{'Mpps×':>6} {'above×':>6}")


def print_row(row):
    def program(name):
        above = row["above"][name]
        text = f"{row['mpps'][name]:6.2f} {row['cycles'][name]['median']:7.0f} {above['median']:5.0f} ±{above['mad']:3.0f}"
        if name == "secgw":
            return text + " "
        mark = "✓" if row["goal_met_" + name] else "✗"
        return text + f" {row['mpps_ratio_' + name]['median']:5.2f} {row['above_ratio_' + name]['median']:5.2f}{mark}"

    print(f"{row['suite']:14} {row['size']:>5} {row['sas']:6,}|{row['cycles']['device']['median']:7.0f} "
          f"{row['cycles']['crypto']['median']:7.0f}|{program('secgw')}|{program('espgate')} |{program('espgate_l2tp')}", flush=True)


def cases(options):
    if options.quick:
        chosen = QUICK
    else:
        chosen = {"suites": SUITES, "sizes": SIZES, "sas": SA_COUNTS}
    for suite in chosen["suites"]:
        for sas in chosen["sas"]:
            for size in chosen["sizes"]:
                if not options.filter or options.filter in f"{suite}/{size}/{sas}/":
                    yield suite, size, sas


def measure_all(options):
    march = "x86-64-v3" if platform.machine() == "x86_64" else "native"
    if shutil.which("dpdk-testpmd") is None:
        raise Failure("dpdk-testpmd is not there: install dpdk-dev")
    program, made = build_secgw(options.output / "ipsec-secgw", march)
    where = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "commit": report.commit(),
             "cpu": report.cpu(), "kernel": platform.release(), "secgw": made, "hugepages": options.hugepages,
             "load_average_before": round(os.getloadavg()[0], 2)}
    print(f"{where['cpu']['model']} ({' '.join(where['cpu']['flags'])}), kernel {where['kernel']}, "
          f"{'huge pages' if options.hugepages else 'no huge pages'}; load average {where['load_average_before']} before")
    print(made)
    print_head()
    rounds = options.repetitions or (5 if options.quick else 7)
    rows = []
    for suite, size, sas in cases(options):
        with tempfile.TemporaryDirectory(prefix="espgate-peers-") as folder:
            case = Case(options, pathlib.Path(folder), suite, size, sas)
            figures, hz, where["engine"] = case.measure(program, rounds, 0.15 if options.quick else 0.2)
        where["tsc_ghz"] = round(hz / 1e9, 3)
        rows.append(digest(case, figures, hz))
        print_row(rows[-1])
    if not rows:
        raise Failure("no case matches; names are like aes128gcm16/1400/1000/")
    result = {"environment": where, "goals": GOALS, "rows": rows}
    (options.output / "peers.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"\n{where['engine']}, TSC {where['tsc_ghz']} GHz. Goals: 'above' on equal work at most {GOALS['espgate']} of ipsec-secgw's: "
          f"{sum(row['goal_met_espgate'] for row in rows)} of {len(rows)}; on the real job at most {GOALS['espgate_l2tp']}: "
          f"{sum(row['goal_met_espgate_l2tp'] for row in rows)} of {len(rows)}\n{options.output}/peers.json")


def main(options):
    try:
        measure_all(options)
    except Failure as failure:
        sys.exit(str(failure))
