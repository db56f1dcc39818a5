;; A component of the contract in `rule-wasm/wit` that misbehaves on demand. What `evaluate` does is told by the first
;; byte of the events: `L` loops, `M` takes memory without end, `T` traps, `S` overflows the stack; anything else is a
;; batch without events.
(component
  (core module $module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 4096))

    ;; What about() and compile() answer.
    (data (i32.const 1024) "{}")
    (data (i32.const 1040) "{\22rules\22:[],\22diagnostics\22:[],\22diagnostics_omitted\22:0}")
    ;; string: "{}"
    (data (i32.const 2048) "\00\04\00\00\02\00\00\00")
    ;; result<compiled, string>: ok, handle 1, the report
    (data (i32.const 2064) "\00\00\00\00\01\00\00\00\10\04\00\00\35\00\00\00")
    ;; result<handle, string>: ok, handle 2
    (data (i32.const 2096) "\00\00\00\00\02\00\00\00\00\00\00\00")
    ;; result<string, string>: ok, "{}"
    (data (i32.const 2112) "\00\00\00\00\00\04\00\00\02\00\00\00")
    ;; result<outcome, string>, result<progress, string> and result<list<u8>, string>: ok, nothing; the zeros at 2200

    (func $grow-to (param $end i32)
      (loop $more
        (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
          (then
            (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
            (br $more)))))

    (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $free))
      (global.set $free
        (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -16)))
      (call $grow-to (global.get $free))
      (local.get $at))

    (func $deeper (param i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

    (func (export "about") (result i32) (i32.const 2048))
    (func (export "compile") (param i32 i32 i32 i32) (result i32) (i32.const 2064))
    (func (export "open") (param i32 i32 i32) (result i32) (i32.const 2096))
    (func (export "advance") (param i32 i32 i64) (result i32) (i32.const 2200))
    (func (export "snapshot") (param i32) (result i32) (i32.const 2200))
    (func (export "restore") (param i32 i32 i32) (result i32) (i32.const 2112))
    (func (export "open-search") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 2096))
    (func (export "search-add") (param i32 i32 i32 i64 i32 i32) (result i32) (i32.const 2200))
    (func (export "search-finish") (param i32) (result i32) (i32.const 2112))
    (func (export "explain") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 2112))
    (func (export "format") (param i32 i32) (result i32) (i32.const 2112))
    (func (export "release") (param i32))
    (func (export "evaluate") (param i32) (param $lines i32) (param $length i32) (result i32)
      (local $first i32)
      (if (local.get $length) (then (local.set $first (i32.load8_u (local.get $lines)))))
      (if (i32.eq (local.get $first) (i32.const 0x4c)) (then (loop $forever (br $forever))))
      (if (i32.eq (local.get $first) (i32.const 0x4d)) (then (call $grow-to (i32.const -1))))
      (if (i32.eq (local.get $first) (i32.const 0x54)) (then unreachable))
      (if (i32.eq (local.get $first) (i32.const 0x53)) (then (return (call $deeper (i32.const 0)))))
      ;; What was lent for the call is free again.
      (global.set $free (i32.const 4096))
      (i32.const 2200)))

  (core instance $core (instantiate $module))
  (alias core export $core "memory" (core memory $memory))
  (alias core export $core "cabi_realloc" (core func $realloc))

  (type $source (record (field "path" string) (field "text" string)))
  (type $compiled (record (field "rules" u32) (field "report" string)))
  (type $match (record (field "rule" u32) (field "events" (list u64)) (field "join-keys" string)))
  (type $status (record
    (field "held" u64) (field "held-bytes" u64) (field "join-keys" u64) (field "partial-matches" u64)
    (field "state-bytes" u64) (field "watermark" (option s64)) (field "late" u64) (field "undated" u64)
    (field "hurried" u64) (field "evicted-keys" u64) (field "evicted-partials" u64)))
  (type $time (variant (case "idle" u64) (case "ceiling" s64) (case "flush") (case "finish")))
  (type $rejection (record (field "event" u64) (field "offset" u64) (field "message" string)))
  (type $held-back (record (field "rule" u32) (field "run" s64) (field "count" u64)))
  (type $detections (record (field "groups" u64) (field "terms" u64) (field "suppressions" u64) (field "indicators" u64) (field "learned" u64) (field "suppressed" u64) (field "evicted-groups" u64) (field "evicted-terms" u64) (field "evicted-suppressions" u64)))
  (type $outcome (record
    (field "first" u64) (field "events" u64) (field "matches" (list $match))
    (field "rejected" u64) (field "rejections" (list $rejection)) (field "alerts" string)
    (field "held-back" (list $held-back)) (field "sequences" (option $status))
    (field "detections" (option $detections))))
  (type $progress (record
    (field "events" u64) (field "rejected" u64) (field "rejections" (list $rejection))
    (field "left-out" u64) (field "evicted" u64)))

  (func $about (result string)
    (canon lift (core func $core "about") (memory $memory)))
  (func $compile (param "sources" (list $source)) (param "options" string) (result (result $compiled (error string)))
    (canon lift (core func $core "compile") (memory $memory) (realloc $realloc)))
  (func $open (param "rules" u32) (param "options" string) (result (result u32 (error string)))
    (canon lift (core func $core "open") (memory $memory) (realloc $realloc)))
  (func $evaluate (param "session" u32) (param "lines" (list u8)) (result (result $outcome (error string)))
    (canon lift (core func $core "evaluate") (memory $memory) (realloc $realloc)))
  (func $advance (param "session" u32) (param "time" $time) (result (result $outcome (error string)))
    (canon lift (core func $core "advance") (memory $memory)))
  (func $snapshot (param "session" u32) (result (result (list u8) (error string)))
    (canon lift (core func $core "snapshot") (memory $memory)))
  (func $restore (param "session" u32) (param "state" (list u8)) (result (result string (error string)))
    (canon lift (core func $core "restore") (memory $memory) (realloc $realloc)))
  (func $open-search (param "query" $source) (param "options" string) (result (result u32 (error string)))
    (canon lift (core func $core "open-search") (memory $memory) (realloc $realloc)))
  (func $search-add
    (param "search" u32) (param "index" string) (param "first-id" u64) (param "lines" (list u8))
    (result (result $progress (error string)))
    (canon lift (core func $core "search-add") (memory $memory) (realloc $realloc)))
  (func $search-finish (param "search" u32) (result (result string (error string)))
    (canon lift (core func $core "search-finish") (memory $memory)))
  (func $explain
    (param "rule" $source) (param "lines" (list u8)) (param "options" string)
    (result (result string (error string)))
    (canon lift (core func $core "explain") (memory $memory) (realloc $realloc)))
  (func $format (param "text" string) (result (result string (error string)))
    (canon lift (core func $core "format") (memory $memory) (realloc $realloc)))
  (func $release (param "handle" u32)
    (canon lift (core func $core "release")))

  ;; Types get their names on the way out of a component, so there is one around the functions.
  (component $names
    (type $plain-source (record (field "path" string) (field "text" string)))
    (import "import-type-source" (type $in-source (eq $plain-source)))
    (type $plain-compiled (record (field "rules" u32) (field "report" string)))
    (import "import-type-compiled" (type $in-compiled (eq $plain-compiled)))
    (type $plain-match (record (field "rule" u32) (field "events" (list u64)) (field "join-keys" string)))
    (import "import-type-match" (type $in-match (eq $plain-match)))
    (type $plain-rejection (record (field "event" u64) (field "offset" u64) (field "message" string)))
    (import "import-type-rejection" (type $in-rejection (eq $plain-rejection)))
    (type $plain-status (record
      (field "held" u64) (field "held-bytes" u64) (field "join-keys" u64) (field "partial-matches" u64)
      (field "state-bytes" u64) (field "watermark" (option s64)) (field "late" u64) (field "undated" u64)
      (field "hurried" u64) (field "evicted-keys" u64) (field "evicted-partials" u64)))
    (import "import-type-status" (type $in-status (eq $plain-status)))
    (type $plain-time (variant (case "idle" u64) (case "ceiling" s64) (case "flush") (case "finish")))
    (import "import-type-time" (type $in-time (eq $plain-time)))
    (type $plain-held-back (record (field "rule" u32) (field "run" s64) (field "count" u64)))
    (import "import-type-held-back" (type $in-held-back (eq $plain-held-back)))
    (type $plain-detections (record (field "groups" u64) (field "terms" u64) (field "suppressions" u64) (field "indicators" u64) (field "learned" u64) (field "suppressed" u64) (field "evicted-groups" u64) (field "evicted-terms" u64) (field "evicted-suppressions" u64)))
    (import "import-type-detections" (type $in-detections (eq $plain-detections)))
    (type $plain-outcome (record
      (field "first" u64) (field "events" u64) (field "matches" (list $in-match))
      (field "rejected" u64) (field "rejections" (list $in-rejection)) (field "alerts" string)
      (field "held-back" (list $in-held-back)) (field "sequences" (option $in-status))
      (field "detections" (option $in-detections))))
    (import "import-type-outcome" (type $in-outcome (eq $plain-outcome)))
    (type $plain-progress (record
      (field "events" u64) (field "rejected" u64) (field "rejections" (list $in-rejection))
      (field "left-out" u64) (field "evicted" u64)))
    (import "import-type-progress" (type $in-progress (eq $plain-progress)))
    (import "import-func-about" (func $about
      (result string)))
    (import "import-func-compile" (func $compile
      (param "sources" (list $in-source)) (param "options" string)
      (result (result $in-compiled (error string)))))
    (import "import-func-open" (func $open
      (param "rules" u32) (param "options" string) (result (result u32 (error string)))))
    (import "import-func-evaluate" (func $evaluate
      (param "session" u32) (param "lines" (list u8))
      (result (result $in-outcome (error string)))))
    (import "import-func-advance" (func $advance
      (param "session" u32) (param "time" $in-time)
      (result (result $in-outcome (error string)))))
    (import "import-func-snapshot" (func $snapshot
      (param "session" u32) (result (result (list u8) (error string)))))
    (import "import-func-restore" (func $restore
      (param "session" u32) (param "state" (list u8))
      (result (result string (error string)))))
    (import "import-func-open-search" (func $open-search
      (param "query" $in-source) (param "options" string)
      (result (result u32 (error string)))))
    (import "import-func-search-add" (func $search-add
      (param "search" u32) (param "index" string) (param "first-id" u64)
      (param "lines" (list u8)) (result (result $in-progress (error string)))))
    (import "import-func-search-finish" (func $search-finish
      (param "search" u32) (result (result string (error string)))))
    (import "import-func-explain" (func $explain
      (param "rule" $in-source) (param "lines" (list u8)) (param "options" string)
      (result (result string (error string)))))
    (import "import-func-format" (func $format
      (param "text" string) (result (result string (error string)))))
    (import "import-func-release" (func $release
      (param "handle" u32)))
    (type $named-source (record (field "path" string) (field "text" string)))
    (export $out-source "source" (type $named-source))
    (type $named-compiled (record (field "rules" u32) (field "report" string)))
    (export $out-compiled "compiled" (type $named-compiled))
    (type $named-match (record (field "rule" u32) (field "events" (list u64)) (field "join-keys" string)))
    (export $out-match "match" (type $named-match))
    (type $named-rejection (record (field "event" u64) (field "offset" u64) (field "message" string)))
    (export $out-rejection "rejection" (type $named-rejection))
    (type $named-status (record
      (field "held" u64) (field "held-bytes" u64) (field "join-keys" u64) (field "partial-matches" u64)
      (field "state-bytes" u64) (field "watermark" (option s64)) (field "late" u64) (field "undated" u64)
      (field "hurried" u64) (field "evicted-keys" u64) (field "evicted-partials" u64)))
    (export $out-status "sequence-status" (type $named-status))
    (type $named-time (variant (case "idle" u64) (case "ceiling" s64) (case "flush") (case "finish")))
    (export $out-time "time" (type $named-time))
    (type $named-held-back (record (field "rule" u32) (field "run" s64) (field "count" u64)))
    (export $out-held-back "held-back" (type $named-held-back))
    (type $named-detections (record (field "groups" u64) (field "terms" u64) (field "suppressions" u64) (field "indicators" u64) (field "learned" u64) (field "suppressed" u64) (field "evicted-groups" u64) (field "evicted-terms" u64) (field "evicted-suppressions" u64)))
    (export $out-detections "detection-status" (type $named-detections))
    (type $named-outcome (record
      (field "first" u64) (field "events" u64) (field "matches" (list $out-match))
      (field "rejected" u64) (field "rejections" (list $out-rejection)) (field "alerts" string)
      (field "held-back" (list $out-held-back)) (field "sequences" (option $out-status))
      (field "detections" (option $out-detections))))
    (export $out-outcome "outcome" (type $named-outcome))
    (type $named-progress (record
      (field "events" u64) (field "rejected" u64) (field "rejections" (list $out-rejection))
      (field "left-out" u64) (field "evicted" u64)))
    (export $out-progress "progress" (type $named-progress))
    (export "about" (func $about) (func
      (result string)))
    (export "compile" (func $compile) (func
      (param "sources" (list $out-source)) (param "options" string)
      (result (result $out-compiled (error string)))))
    (export "open" (func $open) (func
      (param "rules" u32) (param "options" string) (result (result u32 (error string)))))
    (export "evaluate" (func $evaluate) (func
      (param "session" u32) (param "lines" (list u8))
      (result (result $out-outcome (error string)))))
    (export "advance" (func $advance) (func
      (param "session" u32) (param "time" $out-time)
      (result (result $out-outcome (error string)))))
    (export "snapshot" (func $snapshot) (func
      (param "session" u32) (result (result (list u8) (error string)))))
    (export "restore" (func $restore) (func
      (param "session" u32) (param "state" (list u8))
      (result (result string (error string)))))
    (export "open-search" (func $open-search) (func
      (param "query" $out-source) (param "options" string)
      (result (result u32 (error string)))))
    (export "search-add" (func $search-add) (func
      (param "search" u32) (param "index" string) (param "first-id" u64)
      (param "lines" (list u8)) (result (result $out-progress (error string)))))
    (export "search-finish" (func $search-finish) (func
      (param "search" u32) (result (result string (error string)))))
    (export "explain" (func $explain) (func
      (param "rule" $out-source) (param "lines" (list u8)) (param "options" string)
      (result (result string (error string)))))
    (export "format" (func $format) (func
      (param "text" string) (result (result string (error string)))))
    (export "release" (func $release) (func
      (param "handle" u32)))
  )
  (instance $engine (instantiate $names
    (with "import-type-source" (type $source))
    (with "import-type-compiled" (type $compiled))
    (with "import-type-match" (type $match))
    (with "import-type-rejection" (type $rejection))
    (with "import-type-status" (type $status))
    (with "import-type-time" (type $time))
    (with "import-type-held-back" (type $held-back))
    (with "import-type-detections" (type $detections))
    (with "import-type-outcome" (type $outcome))
    (with "import-type-progress" (type $progress))
    (with "import-func-about" (func $about))
    (with "import-func-compile" (func $compile))
    (with "import-func-open" (func $open))
    (with "import-func-evaluate" (func $evaluate))
    (with "import-func-advance" (func $advance))
    (with "import-func-snapshot" (func $snapshot))
    (with "import-func-restore" (func $restore))
    (with "import-func-open-search" (func $open-search))
    (with "import-func-search-add" (func $search-add))
    (with "import-func-search-finish" (func $search-finish))
    (with "import-func-explain" (func $explain))
    (with "import-func-format" (func $format))
    (with "import-func-release" (func $release))))
  (export "tripline:engine/engine@0.1.0" (instance $engine)))
