"""Let torchvision from PyPI, which is linked against CUDA libraries, work beside a CPU build of torch.

Two empty stand-ins for the libraries that torchvision links and, on a CPU, never calls are compiled into
site-packages/_torchvision_cpu, and a start-up hook loads them just before torchvision. Beside a CUDA build of torch
nothing is done. Needs a C compiler.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

# What torchvision 0.28.0's library looks up in libc10_cuda.so: nm -D --undefined-only torchvision/_C.so | grep c10.*cuda
FUNCTIONS = """
_ZN2at4cuda26getCurrentDevicePropertiesEv _ZN3c104cuda14ExchangeDeviceEa _ZN3c104cuda14MaybeSetDeviceEa
_ZN3c104cuda17getStreamFromPoolEba _ZN3c104cuda17getStreamFromPoolEia _ZN3c104cuda20getCurrentCUDAStreamEa
_ZN3c104cuda20getDefaultCUDAStreamEa _ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE
_ZN3c104cuda29c10_cuda_check_implementationEiPKcS2_jb _ZN3c104cuda9GetDeviceEPa _ZN3c104cuda9SetDeviceEab
_ZNK3c104cuda10CUDAStream11synchronizeEv _ZNK3c104cuda10CUDAStream5queryEv _ZNK3c104cuda10CUDAStream6streamEv
_ZN3c104cuda14current_deviceEv
""".split()

C10_CUDA = "\n".join(
    [
        "#include <stdlib.h>",
        "void *_ZN3c104cuda20CUDACachingAllocator9allocatorE = 0;",
        "signed char _ZN3c104cuda12device_countEv(void) { return 0; }",
        *(f"void {name}(void) {{ abort(); }}" for name in FUNCTIONS),
    ]
)

HOOK = '''\
"""Loads two stand-in libraries just before torchvision is imported (made by tools/torchvision_cpu.py)."""
import sys
from pathlib import Path


class LoadStandIns:
    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            import ctypes

            sys.meta_path.remove(self)
            here = Path(__file__).parent
            for library in [*here.parent.glob("torchvision.libs/libcudart*"), here / "libc10_cuda.so", here / "libtorch_cuda.so"]:
                ctypes.CDLL(str(library))
        return None


sys.meta_path.insert(0, LoadStandIns())
'''


def main() -> None:
    """Make the stand-ins if they are needed, and import torchvision to see that it works."""
    site = Path(sysconfig.get_path("purelib"))
    if sys.platform == "linux" and not (site / "torch/lib/libtorch_cuda.so").exists():
        folder = site / "_torchvision_cpu"
        folder.mkdir(exist_ok=True)
        compile_library(C10_CUDA, folder / "libc10_cuda.so")
        compile_library("", folder / "libtorch_cuda.so")
        (folder / "__init__.py").write_text(HOOK)
        (site / "_torchvision_cpu.pth").write_text("import _torchvision_cpu\n")
    subprocess.run(
        [sys.executable, "-c", "import torch, torchvision; torchvision.ops.nms(torch.rand(2, 4), torch.rand(2), 0.5)"], check=True
    )


def compile_library(code: str, target: Path) -> None:
    """Compile C source to a shared library that answers to its own name."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or sys.exit("no C compiler was found")
    command = [compiler, "-x", "c", "-", "-s", "-shared", "-fPIC", f"-Wl,-soname,{target.name}", "-o", str(target)]
    subprocess.run(command, input=code, text=True, check=True)


if __name__ == "__main__":
    main()
