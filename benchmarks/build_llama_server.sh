#!/usr/bin/env bash
# Builds llama-server and llama-bench from the very sources that the Python bindings are built from, so that a
# comparison measures two servers over the same kernels and not two versions of llama.cpp.
#
# usage: build_llama_server.sh [FOLDER] [LLAMA_CPP_PYTHON_VERSION]
#
# FOLDER (default: build/llama-server beside this script) gets src/ and bin/llama-server, bin/llama-bench.
# Needs cmake, ninja or make, a C++17 compiler and pip; about six minutes on two cores. After the source archive
# has been downloaded (or put into FOLDER by hand) no network is used. PYTHON names the interpreter to use.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$here/build/llama-server}
version=${2:-0.3.36}
python=${PYTHON:-python3}

mkdir -p "$folder/src"
folder=$(cd -- "$folder" && pwd)
archive=$folder/llama_cpp_python-$version.tar.gz

if [[ ! -f $archive ]]; then
    # pip asks the build backend for metadata, which compiles nothing.
    "$python" -m pip download --no-deps --no-binary llama-cpp-python --dest "$folder" \
        "llama-cpp-python==$version"
fi
if [[ ! -f $folder/src/vendor/llama.cpp/CMakeLists.txt ]]; then
    tar -xf "$archive" -C "$folder/src" --strip-components=1
fi

generator=()
if command -v ninja >/dev/null; then
    generator=(-G Ninja)
fi

# GGML_NATIVE and GGML_OPENMP are what the bindings' own build chooses; they are spelled out here because the
# comparison depends on them. The web page of llama-server would be fetched from a network, so it is left out.
cmake -S "$folder/src/vendor/llama.cpp" -B "$folder/cmake" "${generator[@]}" \
    -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=ON \
    -DGGML_NATIVE=ON \
    -DGGML_OPENMP=ON \
    -DLLAMA_CURL=OFF \
    -DLLAMA_OPENSSL=OFF \
    -DLLAMA_BUILD_UI=OFF \
    -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_APP=OFF
nice -n 5 cmake --build "$folder/cmake" --config Release --target llama-server llama-bench \
    --parallel "$(getconf _NPROCESSORS_ONLN)"

ln -sfn cmake/bin "$folder/bin"
"$folder/bin/llama-server" --version
echo "llama-server: $folder/bin/llama-server"
