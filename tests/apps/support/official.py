"""The layouts of Docker's official images, made of Debian's and npm's packages.

Those images build their runtimes from source into /usr/local (or unpack them into /opt), so no
package owns them. Here the same files come out of Debian's packages, unpacked instead of installed
and moved to where the source build would put them.
"""
import os

from .debian import run
from .recipe import Layer

# unpack FOLDER PACKAGE...: the packages' files below a folder, as dpkg does not know of them.
UNPACK = """
unpack() {
    into=$1
    shift
    cd /var/cache/apt/archives
    apt-get -q download "$@" >/dev/null
    for package; do
        dpkg-deb -x "$(ls -t "$package"_*.deb | head -n 1)" "$into"
    done
    cd /
}
"""


def python_program(scratch):
    """The interpreter of a build with --enable-shared: all of it is in libpython."""
    source, stub, program = (os.path.join(scratch, name) for name in ("m.c", "stub.so", "python"))
    with open(source, "w", encoding="ascii") as file:
        file.write("int Py_BytesMain(int, char **);\n"
                   "#ifdef STUB\nint Py_BytesMain(int c, char **v) { return v == 0 ? c : 0; }\n#else\n"
                   "int main(int c, char **v) { return Py_BytesMain(c, v); }\n#endif\n")
    run(["gcc", "-shared", "-fPIC", "-DSTUB", "-Wl,-soname,libpython3.11.so.1.0", "-o", stub, source])
    run(["gcc", "-o", program, source, stub])
    with open(program, "rb") as file:
        return {"/usr/local/bin/python3.11": file.read()}


def python(modules=(), paths=()):
    """python:3.11: the layers, with Debian's python3-* `modules` as pip would install them.

    `paths` are those of their programs, which pip would write with the interpreter's own path.
    """
    build = UNPACK + """
unpack /tmp/python python3.11-minimal libpython3.11-minimal libpython3.11-stdlib \\
    libpython3.11-testsuite libpython3.11 libpython3.11-dev idle-python3.11 python3.11-venv \\
    python3-distutils python3-lib2to3 python3-tk python3-pip-whl python3-setuptools-whl
cd /tmp/python/usr
rm -rf lib/python3.11/sitecustomize.py lib/python3.11/EXTERNALLY-MANAGED share
cp -a lib/x86_64-linux-gnu/libpython3.11.so* /usr/local/lib/
cp -a lib/python3.11 /usr/local/lib/
cp -a lib/python3/dist-packages/tkinter lib/python3.11/ 2>/dev/null || true
cp -a include/. /usr/local/include/
ln -s python3.11 /usr/local/bin/python3
ln -s python3 /usr/local/bin/python
# Debian's site.py, which is frozen into the interpreter, looks for dist-packages.
echo "import site; site.addsitedir('/usr/local/lib/python3.11/site-packages')" \\
    >/usr/local/lib/python3.11/sitecustomize.py
rm -rf /tmp/python
ldconfig
/usr/local/bin/python3 -m compileall -q /usr/local/lib/python3.11 >/dev/null || true
/usr/local/bin/python3 -c 'import sys; assert sys.prefix == "/usr/local", sys.prefix'
"""
    tools = UNPACK + """
unpack /tmp/pip python3-pip python3-setuptools python3-pkg-resources python3-wheel
mkdir -p /usr/local/lib/python3.11/site-packages
cp -a /tmp/pip/usr/lib/python3/dist-packages/. /usr/local/lib/python3.11/site-packages/
printf '%s\\n' '#!/usr/local/bin/python3.11' 'import sys' 'from pip._internal.cli.main import main' \\
    'sys.exit(main())' >/usr/local/bin/pip3
chmod 755 /usr/local/bin/pip3
ln -s pip3 /usr/local/bin/pip
rm -rf /tmp/pip
"""
    install = UNPACK + f"""
unpack /tmp/modules {' '.join(modules)}
cp -a /tmp/modules/usr/lib/python3/dist-packages/. /usr/local/lib/python3.11/site-packages/
for program in {' '.join(paths)}; do
    sed '1s,.*,#!/usr/local/bin/python3.11,' "/tmp/modules/usr/bin/$program" \\
        >"/usr/local/bin/$program"
    chmod 755 "/usr/local/bin/$program"
done
rm -rf /tmp/modules
/usr/local/bin/python3 -m compileall -q /usr/local/lib/python3.11/site-packages >/dev/null || true
"""
    layers = [Layer("RUN /bin/sh -c set -eux; ./configure --enable-shared; make; make install "
                    "# buildkit", build, make=python_program),
              Layer("RUN /bin/sh -c set -eux; python3 get-pip.py # buildkit", tools)]
    if modules:
        layers.append(Layer("RUN /bin/sh -c pip install -r requirements.txt # buildkit", install))
    return layers
