"""The kinds of activity: one Python class and one JavaScript module each."""

from csqm.activities.kinds.chain import Chain
from csqm.activities.kinds.explorer import Explorer
from csqm.activities.kinds.form import Form
from csqm.activities.kinds.map import Map
from csqm.activities.kinds.matrix import Matrix
from csqm.activities.kinds.quiz import Quiz
from csqm.activities.kinds.roleplay import Roleplay
from csqm.activities.kinds.sorter import Sorter

__all__ = ["KINDS"]

KINDS = {kind.kind: kind for kind in (Map, Sorter, Quiz, Chain, Explorer, Matrix, Roleplay, Form)}
