#!/usr/bin/env python3
"""Records what foreign clients and a real broker say to each other, as files of test/wire/.

  record_proxy.py --listen PORT --broker PORT --out DIR --source NAME

Forwards every byte; keeps the first frame of each (api, version, direction) among the APIs that are served, as
DIR/NN_name/capture_SOURCE_request_vNN.hex. The hex is the whole frame after its length: header and body. The broker
must advertise the proxy's port (advertised.listeners), or clients go round it. Ends on SIGTERM or when its standard
input closes. CaptureJson.java appends the decoded form.
"""

import argparse
import asyncio
import os
import struct
import sys

NAMES = {
    0: "produce",
    1: "fetch",
    2: "list_offsets",
    3: "metadata",
    10: "find_coordinator",
    18: "api_versions",
    19: "create_topics",
    20: "delete_topics",
    22: "init_producer_id",
    32: "describe_configs",
    60: "describe_cluster",
    75: "describe_topic_partitions",
}
# A frame above this size is passed on but not kept: wait for a smaller one.
FRAME_BYTES_MAX = 3000
# An answer of this size or less to a Fetch carries no records: wait for a better one.
FETCH_RESPONSE_BYTES_MIN = 130


class Recorder:
    def __init__(self, out, source):
        self.out, self.source, self.seen = out, source, set()

    def keep(self, direction, api, version, frame):
        if api not in NAMES or len(frame) > FRAME_BYTES_MAX or (direction, api, version) in self.seen:
            return
        if direction == "response" and api == 1 and len(frame) < FETCH_RESPONSE_BYTES_MIN:
            return
        self.seen.add((direction, api, version))
        folder = os.path.join(self.out, f"{api:02d}_{NAMES[api]}")
        os.makedirs(folder, exist_ok=True)
        text = frame.hex()
        with open(os.path.join(folder, f"capture_{self.source}_{direction}_v{version:02d}.hex"), "w") as file:
            file.write(f"# api={api} version={version} kind={direction}-frame source={self.source}\n")
            for at in range(0, len(text), 64):
                file.write(text[at : at + 64] + "\n")


async def pump(reader, writer, on_frame):
    try:
        while True:
            head = await reader.readexactly(4)
            frame = await reader.readexactly(struct.unpack(">i", head)[0])
            on_frame(frame)
            writer.write(head + frame)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve(arguments):
    recorder = Recorder(arguments.out, arguments.source)

    async def connection(reader, writer):
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", arguments.broker)
        waiting = {}

        def request(frame):
            api, version, correlation = struct.unpack(">hhi", frame[:8])
            waiting[correlation] = (api, version)
            recorder.keep("request", api, version, frame)

        def response(frame):
            known = waiting.pop(struct.unpack(">i", frame[:4])[0], None)
            if known:
                recorder.keep("response", *known, frame)

        await asyncio.gather(pump(reader, broker_writer, request), pump(broker_reader, writer, response))

    server = await asyncio.start_server(connection, "127.0.0.1", arguments.listen)
    print(f"ready 127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--broker", type=int, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--source", required=True)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
