# Counts and turns words about: hashes, regular expressions, sorting, and a child of its own.
use strict;
use warnings;

my %count;
my $text = join ' ', map { my $n = $_; map { "w" . ($n * $_ % 977) } 1 .. 60 } 1 .. 900;
$count{$1}++ while $text =~ /(w\d+)/g;
my @often = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
print "$_ $count{$_}\n" for @often;
(my $back = reverse $text) =~ s/(\d+)w/<$1>/g;
print length($back), " ", unpack('%32C*', $back), "\n";
open my $child, '-|', $^X, '-e', 'print join(",", map { $_ ** 2 } 1 .. 9), "\n"' or die "no child: $!";
print <$child>;
close $child;
exit 5;
