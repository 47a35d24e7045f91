"""What an instance has around it that no emulator has: the metadata service of one of moto's instances, which says what moto's
group says of it; and one address for the API of the group, which moto knows one half of and ministack the other.
"""

import http.client
import http.server
import threading
import urllib.parse

# What moto carries out. Of the rest ministack verifies the signature and the role, and keeps nothing.
MOTO = {"SetInstanceProtection", "TerminateInstanceInAutoScalingGroup", "DescribeAutoScalingGroups", "DescribeScalingActivities",
        "PutScheduledUpdateGroupAction"}
TOKEN = "a-session"


class Instance:
    """One instance of the group."""

    def __init__(self, moto, ministack, group):
        self.group, self.autoscaling = group, moto.client("autoscaling")
        self.emulators = {True: moto.url, False: ministack.url}
        self.calls = []
        self.id = self.state()["InstanceId"]
        instance = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, text):
                text = text if isinstance(text, bytes) else text.encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_PUT(self):
                known = self.path == "/latest/api/token" and self.headers["x-aws-ec2-metadata-token-ttl-seconds"]
                self.answer(200 if known else 400, TOKEN)

            def do_GET(self):
                if self.headers["x-aws-ec2-metadata-token"] != TOKEN:
                    return self.answer(401, "")
                text = instance.metadata(self.path.removeprefix("/latest/meta-data/"))
                return self.answer(200, text) if text else self.answer(404, "")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                self.answer(*instance.pass_on(dict(self.headers), body))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def state(self):
        """What the group says of its one instance, or of this one; `None` once it has gone."""
        groups = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])["AutoScalingGroups"]
        instances = [instance for instance in groups[0]["Instances"] if getattr(self, "id", None) in (None, instance["InstanceId"])]
        return instances[0] if instances else None

    def metadata(self, path):
        state = self.state()
        return {"instance-id": self.id, "autoscaling/target-lifecycle-state": state["LifecycleState"] if state else "Terminated"}.get(path)

    def pass_on(self, headers, body):
        """To the emulator that knows the call, as it was signed."""
        form = dict(urllib.parse.parse_qsl(body.decode()))
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.emulators[form["Action"] in MOTO]).netloc, timeout=10)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        status, text = answer.status, answer.read()
        connection.close()
        self.calls.append((form, status))
        return status, text

    def done(self, action):
        """The forms of the calls of this name that were accepted."""
        return [form for form, status in self.calls if form["Action"] == action and status == 200]

    def stop(self):
        self.server.shutdown()
