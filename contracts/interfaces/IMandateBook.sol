// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Mandate, MandateRequest} from "../types/Mandate.sol";
import {IMulticall} from "./IMulticall.sol";

/// @dev What came of trying a mandate.
enum RescueOutcome {
    /// @dev None stands for this owner.
    NoMandate,
    /// @dev The position was restored.
    Rescued,
    /// @dev Its last second has passed.
    Expired,
    /// @dev Equity is at or above the trigger.
    NotTriggered,
    /// @dev Equity is zero or less: debt that the box forgives is nobody's to pay.
    Insolvent,
    /// @dev The last rescue was too short a time ago.
    TooSoon,
    /// @dev The keeper's fee is above what the mandate allows.
    FeeTooHigh,
    /// @dev What is left of the cap does not suffice.
    CapTooSmall,
    /// @dev The owner's allowance does not suffice.
    AllowanceTooSmall,
    /// @dev The owner's balance does not suffice.
    BalanceTooSmall,
    /// @dev The token refused, burned its gas or moved something else.
    TransferFailed
}

/// @title IMandateBook
/// @notice Rescue mandates: capped permissions to top one position up from its owner's wallet before it is liquidated.
///
/// Warning: one allowance, given to this contract, serves all mandates of an owner in this market and the operators
/// that may add margin. What can leave the wallet is the least of allowance, balance and the sum of the caps.
///
/// Notes:
/// - A position can cost its owner its margin and what is left of its cap, and never more.
/// - A mandate dies when its position is transferred or closed.
interface IMandateBook is IMulticall {
    /// @notice Emitted when a mandate is given or changed; all that is stored of it.
    event MandateSet(uint256 indexed positionId, address indexed account, uint256 sequence, Mandate mandate);

    /// @notice Emitted when a mandate is taken back.
    event MandateRevoked(uint256 indexed positionId, address indexed account, uint256 sequence);

    /// @notice Emitted when an account takes back all its mandates: those with a smaller `round` are void.
    event AllMandatesRevoked(address indexed account, uint256 sequence, uint256 round);

    /// @notice Thrown when a mandate's field lies outside its bounds.
    error MandateOutOfBounds(bytes32 name, uint256 value, uint256 lower, uint256 upper);

    /// @notice Thrown when a signature's deadline has passed.
    error SignatureExpired(uint256 deadline);

    /// @notice Thrown when a signature is not that of the position's owner over this request.
    error SignatureInvalid(address owner);

    /// @notice Gives or changes the mandate of an open position. The new cap replaces what was left of the old.
    ///
    /// @dev Emits {MandateSet}.
    ///
    /// Requirements:
    /// - The caller must own the position, and it must be open.
    /// - 1 ≤ `triggerRatio` ≤ 10, and `targetRatio` at least 0.05 above it, at most 20; both in steps of 1e-6.
    /// - `minInterval` must be 60 s to 7 days; `expiry` must not have passed.
    /// - `maxKeeperFee` must be at least `keeperFeeFloor` of the position's terms, in steps of 1e-6.
    /// - `cap` must exceed `maxKeeperFee`.
    function setMandate(MandateRequest calldata request) external;

    /// @notice As {setMandate}, with the owner's EIP-712 signature, by anybody. A `cap` of zero revokes.
    ///
    /// @dev The signature names chain, contract, nonce and deadline. Contract owners answer by ERC-1271.
    ///
    /// @param request What the owner signed.
    /// @param nonce The owner's next nonce.
    /// @param deadline Last second in which the signature counts [s].
    /// @param signature Of the position's owner.
    function setMandateBySignature(
        MandateRequest calldata request,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Takes back the mandate of a position. Only its owner.
    ///
    /// @dev Emits {MandateRevoked}. Voids the caller's signatures that were not yet used, as {setMandate} does.
    function revokeMandate(uint256 positionId) external;

    /// @notice Takes back every mandate that the caller has given, and voids signatures not yet used.
    ///
    /// @dev Emits {AllMandatesRevoked}.
    function revokeAllMandates() external;

    /// @notice Adds margin to a position out of its owner's wallet, for an operator with that scope.
    ///
    /// @dev Emits {IMargin-MarginAdded}.
    ///
    /// Requirements:
    /// - The caller must be the position's owner or an operator who may add margin.
    /// - The owner must have allowed this contract to move the amount.
    ///
    /// @param positionId The position.
    /// @param amountToken How much [token].
    function addMarginFor(uint256 positionId, uint256 amountToken) external;

    /// @notice Sets the caller's allowance of the settlement token to this contract by an EIP-2612 signature. One that was
    /// already used is passed over.
    function permit(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Tries a mandate. Only the MarginVault calls.
    ///
    /// @dev Moves all or nothing, from the owner to the MarginVault, with bounded gas. Its log is {ILiquidation-PositionRescued}, whose
    /// `pulled` leaves the cap and whose time is `rescuedAt`: one of its own would cost a rescue 7k of gas.
    ///
    /// @param positionId The position.
    /// @param owner Its owner.
    /// @param equity Equity at the price of now [± WAD quote].
    /// @param maintenanceMargin Maintenance margin at that price [WAD quote].
    /// @param keeperFee What the keeper is to get out of it [WAD quote].
    /// @param early Whether nobody could liquidate yet, so that the mandate's trigger decides.
    /// @return pulled What arrived in the MarginVault; zero unless rescued [WAD quote].
    /// @return outcome What came of it.
    function pull(
        uint256 positionId,
        address owner,
        int256 equity,
        uint256 maintenanceMargin,
        uint256 keeperFee,
        bool early
    ) external returns (uint256 pulled, RescueOutcome outcome);

    /// @notice The stored mandate of a position; all zero when none was given.
    function mandateOf(uint256 positionId) external view returns (Mandate memory);

    /// @notice What {pull} would answer now, as far as the token tells without moving: a transfer that it would refuse
    /// shows only in the pull.
    function preview(
        uint256 positionId,
        int256 equity,
        uint256 maintenanceMargin,
        uint256 keeperFee,
        bool early
    ) external view returns (uint256 pulled, RescueOutcome outcome);

    /// @notice Number of an account's next signature.
    function nonces(address owner) external view returns (uint256);

    /// @notice Mandates and signatures of an account with a smaller round are void.
    function roundOf(address account) external view returns (uint256);

    /// @notice The number of the newest log.
    function sequence() external view returns (uint256);
}
