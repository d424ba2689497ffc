// Prints the first instant of every day, from a first to a last one, in each zone that standard input names.
//
// Per zone: one little-endian int64 (Unix seconds) per day. The days of a zone are found by walking the zone's own
// periods of one offset, so nothing here searches or guesses as another implementation may.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"time"
)

func main() {
	first, last := day(os.Args[1]), day(os.Args[2])
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	zones := bufio.NewScanner(os.Stdin)
	for zones.Scan() {
		zone, err := time.LoadLocation(zones.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for each := first; !each.After(last); each = each.AddDate(0, 0, 1) {
			if err := binary.Write(out, binary.LittleEndian, firstInstant(each, zone)); err != nil {
				os.Exit(1)
			}
		}
	}
}

func day(text string) time.Time {
	found, err := time.Parse(time.DateOnly, text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return found
}

// firstInstant is the earliest second whose local date is the day or, where a zone skipped that day, a later one.
//
// In a period of one offset the local clock just runs. So the day begins in it either at the period's start, if the
// local date is the day or later by then, or at the midnight by that offset, if that lies within the period.
func firstInstant(of time.Time, zone *time.Location) int64 {
	instant := of.Add(-36 * time.Hour).In(zone)
	for {
		_, offset := instant.Zone()
		_, end := instant.ZoneBounds()
		if localDate(instant) >= of.Unix() {
			return instant.Unix()
		}
		midnight := of.Add(-time.Duration(offset) * time.Second)
		if !midnight.Before(instant) && (end.IsZero() || midnight.Before(end)) {
			return midnight.Unix()
		}
		instant = end
	}
}

// localDate is the calendar day of an instant, as the Unix time of that day's midnight in UTC.
func localDate(instant time.Time) int64 {
	year, month, day := instant.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()
}
