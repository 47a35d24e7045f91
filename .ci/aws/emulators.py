"""The two clouds on this machine. ministack is everything but the autoscaling group: it verifies signatures, judges roles by their
policies, runs the functions' own binaries and hands streams on. moto is the autoscaling group and its instances: it knows
protection, lifecycle and metadata's counterpart, where ministack takes the calls and forgets them.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "000000000000"
READY_S_MAX = 60
STOP_S_MAX = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, seconds, look):
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            sys.exit(f"not within {seconds} s: {what}")
        time.sleep(0.2)


class Processes:
    """Everything that was started, to be stopped."""

    def __init__(self, scratch):
        self.scratch, self.started = pathlib.Path(scratch), []

    def start(self, name, command, environment):
        log = open(self.scratch / f"{name}.log", "ab")
        # Another session: a signal to us is for us to pass on.
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd=self.scratch, start_new_session=True)
        self.started.append(process)
        return process

    def log(self, name):
        return (self.scratch / f"{name}.log").read_text(errors="replace")

    def stop(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.started):
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # What an emulator has started itself, such as functions, is in its group.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Emulator:
    """One of them, at a port of its own."""

    def __init__(self, processes, name, command, environment, port):
        self.url = f"http://127.0.0.1:{port}"
        process = processes.start(name, command, environment)

        def answers():
            if process.poll() is not None:
                sys.exit(f"{name} ended:\n{processes.log(name)}")
            try:
                return urllib.request.urlopen(f"{self.url}/", timeout=2)
            except urllib.error.HTTPError as answer:
                return answer
            except OSError:
                return None

        until(f"{name} answers", READY_S_MAX, answers)

    def client(self, service, keys=("test", "test", None)):
        access_key, secret_key, token = keys
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=access_key,
                            aws_secret_access_key=secret_key, aws_session_token=token,
                            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))


def environment(**more):
    """As little of ours as possible, and the AWS CLI that came with the emulators."""
    own, programs = pathlib.Path(__file__).resolve().parent / "bin", pathlib.Path(sys.executable).parent
    return {"PATH": f"{own}:{programs}:{os.environ['PATH']}", "AWS_CLI": str(programs / "aws"), "HOME": os.environ.get("HOME", "/"), **more}


def ministack(processes, bin_folder):
    port, scratch = free_port(), processes.scratch
    return Emulator(processes, "ministack", [bin_folder / "ministack"], environment(
        GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1", MINISTACK_HOST="127.0.0.1", MINISTACK_REGION=REGION,
        AUTH="true", IOT_MTLS_ENABLED="0", SFTP_ENABLED="0", S3_PERSIST="0", STATE_DIR=str(scratch / "state"),
        S3_DATA_DIR=str(scratch / "s3"), TMPDIR=str(scratch),
        MINISTACK_IMDS_V2_REQUIRED="1", LOG_LEVEL="INFO"), port)


def moto(processes, bin_folder):
    port = free_port()
    command = [bin_folder / "moto_server", "--host", "127.0.0.1", "--port", str(port)]
    return Emulator(processes, "moto", command, environment(), port)
