#!/bin/sh
# Draws BUILD/bench/NAME.dat, whose first line names the columns, as SVG and
# PNG.

set -eu
cd "$BUILD/bench"
if ! command -v gnuplot >/dev/null; then
	echo "bench: no gnuplot, no pictures"
	exit 0
fi

plot() {
	# plot NAME X-AXIS Y-AXIS LOGARITHMIC-AXES
	if [ ! -e "$1.dat" ]; then
		return
	fi
	columns=$(awk 'NR == 1 { print NF }' "$1.dat")
	for type in svg png; do
		gnuplot <<-END
			set terminal $type noenhanced size 800,500
			set output "$1.$type"
			set xlabel "$2"
			set ylabel "$3"
			${4:+set logscale $4 2}
			set yrange [0:*]
			set key autotitle columnhead outside
			set grid
			set datafile missing "-"
			plot for [i=2:$columns] "$1.dat" using 1:i with linespoints
		END
		echo "bench: $BUILD/bench/$1.$type"
	done
}

plot children "idle children alive" "p50 of a run of true(1), us" ""
plot output "bytes of output" "MB/s" x
plot callers "callers at once" "runs a second" x

# Bars, of what elixir.exs has written.
if [ -e elixir.dat ]; then
	for type in svg png; do
		gnuplot <<-END
			set terminal $type noenhanced size 900,500
			set output "elixir.$type"
			set ylabel "of the first of its task"
			set style fill solid 0.5
			set boxwidth 0.7
			set yrange [0:*]
			set xtics rotate by 45 right
			set grid ytics
			unset key
			plot "elixir.dat" using 0:2:xtic(1) with boxes, \
			    1 with lines dashtype 2
		END
		echo "bench: $BUILD/bench/elixir.$type"
	done
fi
