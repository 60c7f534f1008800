"""Runs inside the sandbox, alone: an ipykernel on sockets that were made outside, so that no folder of the host need be writable.

python kernel.py CONNECTION_FILE SOCKETS        SOCKETS: JSON, address to file descriptor; empty: make them here
"""

import json
import os
import sys


def serve(connection: str, sockets: dict[str, int]) -> None:
    """Be the kernel until it is told to stop. One line on stdout says that it listens; nothing of a learner's has run before."""
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    bind = zmq.Socket.bind

    def bind_given(self, address):
        if address in sockets:
            self.setsockopt(zmq.USE_FD, sockets.pop(address))
        return bind(self, address)

    zmq.Socket.bind = bind_given
    outside = os.dup(1)  # ipykernel takes over 1
    app = IPKernelApp.instance()
    app.initialize(["-f", connection])
    os.write(outside, b"listening\n")
    os.close(outside)
    app.start()


if __name__ == "__main__":
    del sys.path[0]  # this file's folder
    serve(sys.argv[1], json.loads(sys.argv[2]))
