"""A real broker of one's own: mosquitto in a folder, killed and started again at the same port."""

import os
import shutil
import socket
import subprocess
import time

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Broker:
    def __init__(self, folder, *lines, autosave=False):
        self.folder, self.port = folder, free_port()
        folder.mkdir(exist_ok=True)
        text = f"""persistence true
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 20
{"autosave_on_changes true" if autosave else ""}
{"autosave_interval 1" if autosave else ""}
{"user root" if os.geteuid() == 0 else ""}
listener {self.port} 127.0.0.1
"""
        text += "\n".join(lines) or "allow_anonymous true"
        (folder / "m.conf").write_text(text + "\n")
        self.start()

    def start(self):
        command = [PROGRAM, "-c", str(self.folder / "m.conf")]
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, number=15):
        self.process.send_signal(number)
        self.process.wait(10)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
