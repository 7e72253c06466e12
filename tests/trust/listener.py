"""A server of one's own that answers as a test says, or not at all."""

import contextlib
import socket
import threading

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "


def whole(body):
    """Return an answer with this JSON."""
    return JSON + str(len(body)).encode() + b"\r\n\r\n" + body


class Listener:
    """A server that answers the n-th connection with the n-th answer; None keeps silent."""

    def __init__(self, answers, context=None):
        self.answers, self.asked, self.kept = list(answers), [], []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listening.getsockname()[1]}"
        self.context = context
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        """Answer, until the server is closed."""
        while True:
            try:
                connection = self.listening.accept()[0]
            except OSError:
                return
            self.kept.append(connection)
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.asked.append(connection.recv(65536))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()
            except OSError:
                pass

    def close(self):
        """Let go of all connections."""
        self.listening.shutdown(socket.SHUT_RDWR)
        for connection in self.kept:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        for connection in (self.listening, *self.kept):
            connection.close()
