"""An encoder with the FFmpeg of PyAV's wheel: `publish_rtmp.py URL CLIP…`.

Sends the first clip's tracks as they are, and the pictures of each further one as another track,
which makes FFmpeg speak Enhanced RTMP. It is a program of its own because an RTMP output of PyAV
holds up every thread of its process while it connects.
"""

from __future__ import annotations

import sys

import av


def publish(url: str, clips: list[str]) -> None:
    """Send everything at once, in the order of decoding times."""
    output = av.open(url, "w", format="flv")
    packets = []
    for number, clip in enumerate(clips):
        source = av.open(clip)
        for stream in source.streams:
            if number == 0 or stream.type == "video":
                target = output.add_stream_from_template(stream)
                packets += [(p, target) for p in source.demux(stream) if p.dts is not None]
                source.seek(0)
        source.close()
    for packet, target in sorted(packets, key=lambda pair: pair[0].dts * pair[0].time_base):
        packet.stream = target
        output.mux(packet)
    output.close()


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2:])
