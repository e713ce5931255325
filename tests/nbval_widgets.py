"""For nbval: after a notebook's last cell its widgets are moved, as one more test.

Used as `python -m pytest -p tests.nbval_widgets --nbval-lax …` from the checkout.
"""

from collections import defaultdict

from nbformat.v4 import new_code_cell

CELL = "from colorlab import teaching\n\nteaching.check_widgets()"


def pytest_collection_modifyitems(items):
    """Put a cell that moves the widgets behind the last cell of each notebook."""
    last = {item.parent: item for item in items if hasattr(item, "cell_num")}
    for notebook, item in last.items():
        widgets = type(item).from_parent(
            notebook,
            name="Widgets",
            cell_num=item.cell_num + 1,
            cell=new_code_cell(CELL),
            options=defaultdict(bool),
        )
        items.insert(items.index(item) + 1, widgets)
