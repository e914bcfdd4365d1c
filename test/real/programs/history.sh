# A history in git: commits, a merge, packing and checking, cloning. Times are given, so the names are the same.
set -eu
export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2001-02-03T04:05:06Z' GIT_COMMITTER_DATE='2001-02-03T04:05:06Z'
git -c init.defaultBranch=main init -q first
cd first
for n in 1 2 3 4 5; do
    seq "$n" "$((n * 1000))" > "file$n"
    git add .
    git commit -q -m "step $n"
done
git checkout -q -b aside HEAD~2
echo side > side
git add side
git commit -q -m side
git merge -q -m together main
git log --graph --oneline --all
git repack -q -a -d -f --threads=2
git fsck --strict
git clone -q . ../second
git -C ../second log -1 --format='%H %T'
git diff --stat main aside
git grep -c 99 file5
git cat-file -e 0000000000000000000000000000000000000000
