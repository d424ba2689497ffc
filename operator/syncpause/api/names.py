"""Every name that the operator reads or writes on objects: group, labels, annotations."""

GROUP = "syncpause.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

SCHOOL_LABEL = f"{GROUP}/school"
APPLICATION_LABEL = f"{GROUP}/application"
STATE_LABEL = f"{GROUP}/state"
STATE_PAUSED = "paused"

EXEMPT = f"{GROUP}/exempt"
TIME_ZONE = f"{GROUP}/time-zone"

RESTORE_SUSPEND = f"{GROUP}/restore-suspend"
RESTORE_DEADLINE = f"{GROUP}/restore-starting-deadline-seconds"
RESTORE_REPLICAS = f"{GROUP}/restore-replicas"
MISSED_RUNS = f"{GROUP}/missed-runs"
PAUSED_BY = f"{GROUP}/paused-by"
PAUSED_AT = f"{GROUP}/paused-at"

NO_DEADLINE = "none"
"""Value of RESTORE_DEADLINE for a CronJob that had no startingDeadlineSeconds."""

FIELD_MANAGER = "syncpause"
OPERATOR_NAMESPACE = "syncpause-system"
