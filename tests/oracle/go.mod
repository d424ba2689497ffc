module syncpause.dev/oracle

go 1.24
