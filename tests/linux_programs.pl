#!/usr/bin/perl
# Windows' Deno runs in Wine for the tests. This starts programs of Linux for it: each connection is a line for the shell,
# and gets what that writes. The port is written into the file that is named.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{CHLD} = "IGNORE";
$ENV{PATH} = "/usr/sbin:$ENV{PATH}";
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 64) or die $!;
open(my $file, ">", $ARGV[0]) or die $!;
print $file $server->sockport, "\n";
close($file);
for (;;) {
  my $client = $server->accept or next;
  if (fork) {
    close($client);
    next;
  }
  $SIG{CHLD} = "DEFAULT";
  my $line = do { local $/; <$client> };
  open(STDIN, "<", "/dev/null");
  open(STDOUT, ">&", $client);
  open(STDERR, ">&", $client);
  exec("/bin/sh", "-c", $line);
}
