let () =
  let table = Hashtbl.create 16 in
  for i = 1 to 200000 do
    let key = string_of_int (i * 7919 mod 9973) in
    Hashtbl.replace table key (i :: (try Hashtbl.find table key with Not_found -> []))
  done;
  let sum = Hashtbl.fold (fun key numbers sum -> sum + String.length key + List.length numbers) table 0 in
  Printf.printf "%d %d\n%!" (Hashtbl.length table) sum;
  Gc.compact ();
  exit 8
