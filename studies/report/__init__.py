"""The README's and the docs' tables, made from the files under ``results/`` and from nothing else.

`stills` makes the table of photos, `films` those of films with the picture under them, `trainings`
reads how a model learnt, `experiments` tells what each experiment cost, `page` writes it all into
the README and docs/reproducing.md.
"""

from studies.report.experiments import EXPERIMENT_MARKS, experiment_table, read_experiments
from studies.report.film_picture import (
    FILM_PICTURE,
    GATHERS,
    film_curves,
    film_finding,
    smoothed,
)
from studies.report.films import FILMS, PAPER_FILM, film_table, film_text, read_film_results
from studies.report.findings import finding_marks, finding_tables
from studies.report.page import FILM_MARKS, MARKS, update_page, updated
from studies.report.stills import (
    PAPER,
    PAPER_TRAIN,
    TEST,
    TRAIN,
    color_details,
    color_table,
    read_color_results,
)
from studies.report.trainings import PAPER_BEST_EPOCH, overfitting

__all__ = [
    "EXPERIMENT_MARKS",
    "FILMS",
    "FILM_MARKS",
    "FILM_PICTURE",
    "GATHERS",
    "MARKS",
    "PAPER",
    "PAPER_BEST_EPOCH",
    "PAPER_FILM",
    "PAPER_TRAIN",
    "TEST",
    "TRAIN",
    "color_details",
    "color_table",
    "experiment_table",
    "film_curves",
    "film_finding",
    "film_table",
    "film_text",
    "finding_marks",
    "finding_tables",
    "overfitting",
    "read_color_results",
    "read_experiments",
    "read_film_results",
    "smoothed",
    "update_page",
    "updated",
]
