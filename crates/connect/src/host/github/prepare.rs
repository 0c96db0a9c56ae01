//! Parts of a tracker repository that `bootstrap` makes. Each is looked for first, and looked up when its answer is lost.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use desk::plan::hosted::HostPart;
use serde_json::{Value, json};

use super::{
    super::WriteFault,
    Github,
    queries::{BOARDS_OF_ORGANIZATION, BOARDS_OF_USER, MAKE_BOARD, SET_COLUMNS},
    write::{ok, private},
};
use crate::net::{Fault, Looked, Method, Request};

/// Colours of columns, in turn.
const COLOURS: [&str; 7] = ["GRAY", "BLUE", "PURPLE", "YELLOW", "ORANGE", "PINK", "GREEN"];

/// Make a part. Says what was made.
pub fn prepare(g: &Github, part: &HostPart) -> Result<String, WriteFault> {
    private(g, &g.repo_standing()?)?;
    match part {
        HostPart::Label { name, colour, description } => label(g, name, colour, description),
        HostPart::IssueForm { path, text } => form(g, path, text),
        HostPart::Ledger { title, label } => ledger(g, title, label),
        HostPart::Board { title, columns } => board(g, title, columns),
    }
}

fn label(g: &Github, name: &str, colour: &str, description: &str) -> Result<String, WriteFault> {
    let there = || Ok::<_, Fault>(g.labels()?.iter().any(|l| l.eq_ignore_ascii_case(name)));
    if there()? {
        return Ok(format!("label `{name}` was there"));
    }
    let body = json!({"name": name, "color": colour, "description": description});
    let request = Request::new(Method::Post, g.path("/labels")).json(&body);
    let look = || Ok(if there()? { Looked::Made(()) } else { Looked::NotMade });
    if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)? {
        ok(reply, 201)?;
    }
    Ok(format!("label `{name}` made"))
}

fn form(g: &Github, path: &str, text: &str) -> Result<String, WriteFault> {
    let there = || {
        let reply = g.client.call(&g.rest, &g.dressed(Request::get(g.path(&format!("/contents/{path}")))))?;
        match reply.status() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(reply.refusal()),
        }
    };
    if there()? {
        return Ok(format!("{path} was there"));
    }
    let body = json!({"message": "Add the form for security reports", "content": BASE64.encode(text)});
    let request = Request::new(Method::Put, g.path(&format!("/contents/{path}"))).json(&body);
    let look = || Ok(if there()? { Looked::Made(()) } else { Looked::NotMade });
    if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)? {
        ok(reply, 201)?;
    }
    Ok(format!("{path} added"))
}

fn ledger(g: &Github, title: &str, label: &str) -> Result<String, WriteFault> {
    if g.labelled(label)? {
        return Ok("the ledger was there".into());
    }
    let body = json!({"title": title, "labels": [label],
        "body": "Reports that were answered without a tracker. This issue is no tracker."});
    let request = Request::new(Method::Post, g.path("/issues")).json(&body);
    let look = || Ok(if g.labelled(label)? { Looked::Made(()) } else { Looked::NotMade });
    if let Ok(reply) = g.client.change(&g.rest, &g.dressed(request), look)? {
        ok(reply, 201)?;
    }
    Ok(format!("issue `{title}` opened"))
}

/// A board is made for whoever owns the repository. Its address is configuration, so a person writes it there.
fn board(g: &Github, title: &str, columns: &[String]) -> Result<String, WriteFault> {
    let owner = json!({"owner": g.owner, "title": title});
    let mut found = g.ask_freely(BOARDS_OF_ORGANIZATION, &owner)?;
    if found.get("owner").is_none_or(Value::is_null) {
        found = g.ask_freely(BOARDS_OF_USER, &owner)?;
    }
    let id = found.pointer("/owner/id").and_then(Value::as_str).map(String::from);
    let Some(id) = id else {
        return Err(Fault::Setup(format!(
            "the owner {} of the repository is not seen by this token",
            g.owner
        ))
        .into());
    };
    let boards =
        found.pointer("/owner/projectsV2/nodes").and_then(Value::as_array).cloned().unwrap_or_default();
    let same = |b: &&Value| b.get("title").and_then(Value::as_str) == Some(title);
    let (made, board) = match boards.iter().find(same) {
        Some(b) => (false, b.clone()),
        None => {
            let data = g.mutate(MAKE_BOARD, &json!({"owner": id, "title": title}))?;
            (true, data.pointer("/createProjectV2/projectV2").cloned().unwrap_or_default())
        }
    };
    let text = |at: &str| board.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (url, field) = (text("/url"), text("/field/id"));
    let next =
        format!("set tracker.board.url = \"{url}\", and switch on its workflow \"auto-add to project\"");
    // Setting the columns of a board that is in use clears its cards, so only a new one gets them.
    if !made {
        return Ok(format!("the board `{title}` was there; {next}"));
    }
    if field.is_empty() {
        return Ok(format!(
            "the board `{title}` was made and has no field Status; add the columns by hand, and {next}"
        ));
    }
    let options: Vec<Value> = columns
        .iter()
        .zip(COLOURS.iter().cycle())
        .map(|(name, colour)| json!({"name": name, "color": colour, "description": ""}))
        .collect();
    g.mutate(SET_COLUMNS, &json!({"field": field, "options": options}))?;
    Ok(format!("the board `{title}` was made; {next}"))
}
