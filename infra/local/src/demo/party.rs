//! Gets the demo's party together: signs its accounts in, or makes them, and finds its characters, or makes them.

use guildhall_client::{Api, ClientError, PartyMember, Player};
use guildhall_domain::{Character, CharacterName, Content, Email, Invalid, Password};

/// The party, by seat: the name, and the class where the content has it.
const ROSTER: [(&str, &str); 4] = [("Ada", "fighter"), ("Bryn", "cleric"), ("Cato", "ranger"), ("Dara", "fighter")];

/// Names that are tried for one character.
const NAMES_TRIED_MAX: u32 = 100;

/// The party, signed in.
pub(super) struct Party {
    pub(super) members: Vec<PartyMember>,
    /// Their characters, as last written, in the same order.
    pub(super) characters: Vec<Character>,
}

impl Party {
    pub(super) async fn gather(api: &Api, password: &str, content: &Content) -> Result<Self, ClientError> {
        let mut party = Self { members: Vec::new(), characters: Vec::new() };
        for (number, (name, class)) in (1..).zip(ROSTER) {
            let email = format!("bot-{number}@guildhall.example");
            let player = sign_in(api, &email, password).await?;
            let character = character(&player, name, class, content).await?;
            party.members.push(PartyMember { player, character_id: character.character_id });
            party.characters.push(character);
        }
        Ok(party)
    }
}

async fn sign_in(api: &Api, email: &str, password: &str) -> Result<Player, ClientError> {
    match api.login(email, password).await {
        Err(error) if error.code() == Some("wrong_credentials") => {
            let email = Email::parse(email).map_err(|error| unfit(&error))?;
            let password = Password::parse(password).map_err(|error| unfit(&error))?;
            api.register(email, password).await
        }
        other => other,
    }
}

/// The account's first character that the content still has a class for.
async fn character(player: &Player, name: &str, class: &str, content: &Content) -> Result<Character, ClientError> {
    let mut characters = player.list_characters().await?.into_iter().map(|sheet| sheet.character);
    if let Some(found) = characters.find(|character| content.classes.contains_key(&character.class)) {
        return Ok(found);
    }
    let class = content.classes.get_key_value(class).or_else(|| content.classes.first_key_value());
    let (class, _) = class.ok_or_else(|| ClientError::Unavailable("the content has no class".to_owned()))?;
    create(player, name, class).await
}

/// A character of this name, or of the first name after it that no player has taken before.
async fn create(player: &Player, name: &str, class: &str) -> Result<Character, ClientError> {
    let mut number = 1;
    loop {
        let numbered = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
        let numbered = CharacterName::parse(&numbered).map_err(|error| unfit(&error))?;
        match player.create_character(numbered, class).await {
            Err(error) if error.code() == Some("name_taken") && number < NAMES_TRIED_MAX => number += 1,
            other => return other.map(|sheet| sheet.character),
        }
    }
}

fn unfit(error: &Invalid) -> ClientError {
    ClientError::Unavailable(error.to_string())
}
