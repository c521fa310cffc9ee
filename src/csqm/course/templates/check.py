"""Check the notebook in this folder before you hand it in: nothing is changed, nothing is sent.

交出之前檢查這個資料夾裡的筆記本：不會改動檔案，也不會傳送任何資料。

    python check.py
"""

import builtins
import sys
from pathlib import Path

if __name__ == "__main__":
    try:
        from csqm.course.checker import main
    except ModuleNotFoundError as error:
        sys.exit(
            f"This Python has no {error.name}. Activate the environment of the course first, or run "
            "`%run check.py` in a notebook in this folder.\n"
            f"這個 Python 缺少 {error.name}。請先啟用課程的環境，或在這個資料夾的筆記本裡執行 `%run check.py`。"
        )
    status = main(Path(__file__).parent)
    if not hasattr(builtins, "__IPYTHON__"):  # a notebook would show it as an error
        sys.exit(status)
