// Prints the first instant of every day, from a first to a last one, in each zone that standard input names.
//
// Per zone: one little-endian int64 (Unix seconds) per day.
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

const step = 15 * time.Minute

// firstInstant is the earliest second whose local date is the day or, where a zone skipped that day, a later one.
//
// It walks and then closes in by looking at clocks alone. Time.ZoneBounds would be quicker, but on the last day of a leap
// year it gives an end that lies in the past (Go 1.26: the year is taken to have 365 days).
func firstInstant(of time.Time, zone *time.Location) int64 {
	after := of.Add(-16 * time.Hour)
	for localDate(after.In(zone)) < of.Unix() {
		after = after.Add(step)
	}
	before := after.Add(-step)
	for after.Sub(before) > time.Second {
		middle := before.Add(after.Sub(before) / 2).Truncate(time.Second)
		if localDate(middle.In(zone)) < of.Unix() {
			before = middle
		} else {
			after = middle
		}
	}
	return after.Unix()
}

// localDate is the calendar day of an instant, as the Unix time of that day's midnight in UTC.
func localDate(instant time.Time) int64 {
	year, month, day := instant.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()
}
