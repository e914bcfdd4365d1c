# Hashes of lists of strings, built up, sorted, joined and torn down.
use strict;
use warnings;

my ($sum, %index) = (0);
for my $round (1 .. 2) {
    my %words;
    for my $n (1 .. 90000) {
        my $word = "key" . ($n * 7919 % 30011);
        push @{ $words{$word} }, "value $n of round $round";
    }
    for my $word (sort keys %words) {
        my $line = join ",", map { uc } @{ $words{$word} };
        $sum += length $line;
        $index{ substr $word, 0, 5 } .= substr $line, 0, 3;
    }
}
print "$sum ", scalar(keys %index), "\n";
