# Of the list of models and the lines that `ask` gathered: a Markdown table on stdout, what is wrong on stderr (table).
BEGIN {
  targets = split("host aarch64 armv7 m0plus m3 m4f m7 m33 m55", target, " ")
  split("this machine;AArch64;Armv7;M0+;M3;M4F;M7;M33;M55", title, ";")
  for (t = 1; t <= targets; t++) title_of[target[t]] = title[t]
}

function wrong_is(text) { wrong++; print "bits: " text >"/dev/stderr" }

function add(set, item) {  # an item to a list without doubles
  if (index(", " lists[set] ",", ", " item ",") == 0) lists[set] = lists[set] (lists[set] == "" ? "" : ", ") item
}

FNR == NR {
  split($1, word, " ")
  model[++models] = word[2]
  next
}

{
  of = $1
  split($4, word, " ")
  what = word[1]
  name = word[2]
}

what == "not-run" {
  absent[of] = substr($4, 9)
  next
}

what == "failed" && name == "all" {
  wrong_is(title_of[of] ", " $2 ", could not be asked: " substr($4, 12))
  next
}

{
  asked[of] = 1
  build = of " " $2 " " $3
  if (!(build in seen)) { seen[build] = 1; builds[++build_count] = build; target_of[build] = of; name_of[build] = $2 ", " $3 }
}

what == "size" { file[name] = word[3]; arena[name] = word[4] }

what == "too-large" {
  small[name, of] = word[3] " bytes of " word[4]
  answered[name, build] = 1
}

what == "digest" {
  digest = word[7]
  where = "on " of " (" $2 ", " $3 "), set " word[3] ", threads " word[4] ", chunk " (word[5] == 0 ? "all" : word[5]) ", " word[6]
  if (!(name in expected)) { expected[name] = digest; first[name] = where }
  answered[name, build] = 1
  compared++
  count[name, of]++
  if (word[3] != "-") {
    add("sets " build, word[3]); add("threads " build, word[4])
    add("chunks " build, word[5] == 0 ? "all" : word[5]); add("apis " build, word[6])
  }
  if (digest == expected[name]) next
  differ[name, of]++
  wrong_is(name " has two digests:\n  " expected[name] "  " first[name] "\n  " digest "  " where)
}

what == "failed" { wrong_is(name " fails on " of " (" $2 ", " $3 "): " $4) }

END {
  head = "| model | file, bytes | arena, bytes | SHA-256 |"
  line = "|---|---:|---:|---|"
  for (t = 1; t <= targets; t++) {
    if (!(target[t] in asked) && !(target[t] in absent)) continue
    head = head " " title[t] " |"
    line = line "---:|"
  }
  print "How many digests of each model were compared, all of them the one in the table; nothing else is among them unless it is named.\n"
  print head "\n" line
  for (m = 1; m <= models; m++) {
    name = model[m]
    row = "| " name " | " file[name] " | " (arena[name] > 0 ? arena[name] : "") " | `" expected[name] "` |"
    for (t = 1; t <= targets; t++) {
      of = target[t]
      cell = count[name, of]
      if ((name, of) in differ) cell = "**" differ[name, of] " of " cell " differ**"
      else if ((name, of) in small) cell = "does not fit: " small[name, of]
      else if (of in absent) cell = "not run"
      else if (!(of in asked)) continue
      row = row " " cell " |"
    }
    print row
    if (!(name in expected)) wrong_is(name " has no digest")
    for (b = 1; b <= build_count; b++) {
      if (!((name, builds[b]) in answered)) wrong_is(name " is missing on " builds[b])
    }
  }
  print ""
  for (t = 1; t <= targets; t++) {
    of = target[t]
    if (of in absent) print "- " title[t] ": not run, " absent[of] "."
    for (b = 1; b <= build_count; b++) {
      build = builds[b]
      if (target_of[build] != of) continue
      print "- " title[t] ", " name_of[build] ": kernel sets " lists["sets " build] "; threads " lists["threads " build] \
        "; tokens of a call " lists["chunks " build] "; API " lists["apis " build] "."
    }
  }
  if (compared == 0) wrong_is("nothing was compared")
  print "\n" compared + 0 " digests of " models " models and tokenizers: " (wrong ? wrong " things are wrong." : "all equal.")
  exit wrong ? 1 : 0
}
