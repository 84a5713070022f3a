"""A git server over HTTPS that wants a token, for the simulation."""

import base64
import http.server
import os
import ssl
import subprocess
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as `git http-backend` does, to those who have the token. Notes which host got an Authorization header."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        given, host = self.headers.get("Authorization"), self.headers["Host"].split(":")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if given:
            self.server.hosts_with_token.add(host)
        if given != "Basic " + base64.b64encode(b"x-access-token:" + self.server.token.encode()).decode():
            return self.answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
        path, _, query = self.path.partition("?")
        if path.startswith("/away/"):
            place = f"https://127.0.0.1:{self.server.server_port}{self.path[len('/away'):]}"
            return self.answer(302, [("Location", place)], b"")
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": self.server.root, "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
        }
        done = subprocess.run(["git", "http-backend"], env=env, input=body, stdout=subprocess.PIPE, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().splitlines()]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        return self.answer(status, [pair for pair in headers if pair[0] != "Status"], content)

    do_POST = do_GET

    def answer(self, status, headers, content):
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(content)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def start(root, folder, token):
    """Serves the repositories in `root`. Returns the server and the file of its certificate."""
    certificate, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   stderr=subprocess.DEVNULL, check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.root, server.token, server.hosts_with_token = root, token, set()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, certificate
