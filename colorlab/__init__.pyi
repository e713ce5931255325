"""The types of what `colorlab` loads when it is first named."""

from colorlab import activations as activations
from colorlab import bins as bins
from colorlab import checkpoints as checkpoints
from colorlab import cli as cli
from colorlab import coast as coast
from colorlab import color_model as color_model
from colorlab import colorize as colorize
from colorlab import colorize_film as colorize_film
from colorlab import consistency_model as consistency_model
from colorlab import datasets as datasets
from colorlab import decode as decode
from colorlab import devices as devices
from colorlab import digests as digests
from colorlab import errors as errors
from colorlab import evaluation as evaluation
from colorlab import files as files
from colorlab import film_metrics as film_metrics
from colorlab import flow as flow
from colorlab import keyframes as keyframes
from colorlab import losses as losses
from colorlab import media as media
from colorlab import memories as memories
from colorlab import metrics as metrics
from colorlab import plots as plots
from colorlab import reference as reference
from colorlab import rollout as rollout
from colorlab import samples as samples
from colorlab import similarity as similarity
from colorlab import strips as strips
from colorlab import teaching as teaching
from colorlab import training as training
from colorlab import vgg as vgg
from colorlab import widgets as widgets
from colorlab import yuv as yuv

__version__: str
