use rule_core::*;
fn main(){
    let args: Vec<String>=std::env::args().collect();
    let text=std::fs::read_to_string(&args[1]).unwrap_or(args[1].clone());
    let (r,rep)=compile(&[Source{path:"x".into(),text}],&CompileOptions::default());
    println!("{}",serde_json::to_string_pretty(&rep).unwrap());
    let mut s=Session::open(r.into(),SessionOptions{alerts:true,..Default::default()});
    println!("{}",serde_json::to_string(&s.evaluate(args[2].as_bytes())).unwrap());
}
