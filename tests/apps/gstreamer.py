"""A GStreamer pipeline: every element is in a plugin."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["gstreamer1.0-tools", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good"],
    entrypoint=["gst-launch-1.0", "-q"],
)


def probe(app):
    want(app.run(*"audiotestsrc num-buffers=5 ! audioconvert ! vorbisenc ! oggmux ! fdsink".split()),
         "vorbis")
    want(app.run(*"videotestsrc num-buffers=1 ! pngenc ! fdsink".split()), "PNG")
