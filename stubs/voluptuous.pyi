# Home Assistant puts probatio in voluptuous' place before any integration is imported: these are the types that count.
from probatio import *
