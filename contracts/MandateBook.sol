// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommonErrors} from "./interfaces/ICommonErrors.sol";
import {IMandateBook, RescueOutcome} from "./interfaces/IMandateBook.sol";
import {IMarginVault} from "./interfaces/IMarginVault.sol";
import {IMarketCharter} from "./interfaces/IMarketCharter.sol";
import {IOrderBook, OperatorScope} from "./interfaces/IOrderBook.sol";
import {TokenScale} from "./libraries/TokenScale.sol";
import {WadMath} from "./libraries/WadMath.sol";
import {IndexedMulticall} from "./modules/IndexedMulticall.sol";
import {Mandate, MandateRequest} from "./types/Mandate.sol";
import {Position} from "./types/Position.sol";

/// @title MandateBook
/// @notice Holds the rescue mandates of one market and pulls what they allow. Holds no tokens and no margin.
///
/// @dev Each market's is a clone whose parts are its immutable arguments: read on a rescue, not on every trade.
contract MandateBook is IMandateBook, ICommonErrors, EIP712, IndexedMulticall {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using WadMath for uint256;

    /// @dev What a clone is created with.
    struct Parts {
        IMarginVault marginVault;
        IOrderBook orderBook;
        IMarketCharter charter;
        IERC20 token;
        /// @dev WAD units in one token unit.
        uint256 scale;
    }

    bytes32 private constant _REQUEST_TYPEHASH = keccak256(
        "RescueMandate(uint256 positionId,uint256 cap,uint256 triggerRatio,uint256 targetRatio,uint256 minInterval,uint256 expiry,uint256 maxKeeperFee,uint256 round,uint256 nonce,uint256 deadline)"
    );
    /// @dev One step of a stored ratio [WAD].
    uint256 private constant _STEP = 1e12;
    /// @dev Least distance between trigger and target, so that no flicker of the price can repeat a rescue: 5% [WAD].
    uint256 private constant _GAP = 0.05e18;
    /// @dev What a token may spend on one pull with its checks [gas].
    uint256 private constant _PULL_GAS = 400_000;
    /// @dev What must be left so that 63 of 64 parts are more than that [gas].
    uint256 private constant _PULL_GAS_NEEDED = 415_000;

    mapping(uint256 positionId => Mandate mandate) private _mandates;
    /// @inheritdoc IMandateBook
    mapping(address owner => uint256 nonce) public nonces;
    /// @inheritdoc IMandateBook
    mapping(address account => uint256 round) public roundOf;
    /// @inheritdoc IMandateBook
    uint256 public sequence;

    /// @dev The implementation belongs to no market: it has no parts, so all that needs them reverts.
    constructor() EIP712("Bulkhead MandateBook", "1") {}

    /// @inheritdoc IMandateBook
    function setMandate(MandateRequest calldata request) external {
        Parts memory parts = _parts();
        Position memory position = _positionOf(parts, request.positionId);
        require(msg.sender == position.owner, NotAuthorized(msg.sender));
        _set(parts, request, position);
    }

    /// @inheritdoc IMandateBook
    function setMandateBySignature(
        MandateRequest calldata request,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Parts memory parts = _parts();
        Position memory position = _positionOf(parts, request.positionId);
        address owner = position.owner;
        require(block.timestamp <= deadline, SignatureExpired(deadline));
        require(nonce == nonces[owner], SignatureInvalid(owner));
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(_REQUEST_TYPEHASH, request, roundOf[owner], nonce, deadline))
        );
        require(SignatureChecker.isValidSignatureNow(owner, digest, signature), SignatureInvalid(owner));
        if (request.cap == 0) _revoke(parts, request.positionId, owner);
        else _set(parts, request, position);
    }

    /// @inheritdoc IMandateBook
    function revokeMandate(uint256 positionId) external {
        require(_mandates[positionId].owner == msg.sender, NotAuthorized(msg.sender));
        _revoke(_parts(), positionId, msg.sender);
    }

    /// @inheritdoc IMandateBook
    function revokeAllMandates() external {
        emit AllMandatesRevoked(msg.sender, ++sequence, ++roundOf[msg.sender]);
    }

    /// @inheritdoc IMandateBook
    function addMarginFor(uint256 positionId, uint256 amountToken) external {
        Parts memory parts = _parts();
        address owner = _positionOf(parts, positionId).owner;
        bool allowed = msg.sender == owner || parts.orderBook.isOperator(owner, msg.sender, OperatorScope.AddMargin);
        require(allowed, NotAuthorized(msg.sender));
        parts.token.safeTransferFrom(owner, address(this), amountToken);
        parts.token.forceApprove(address(parts.marginVault), amountToken);
        parts.marginVault.addMargin(positionId, amountToken);
    }

    /// @inheritdoc IMandateBook
    function permit(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever shows the signature first does the same, so a failure proves nothing.
        IERC20Permit token = IERC20Permit(address(_parts().token));
        // solhint-disable-next-line no-empty-blocks
        try token.permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {}
    }

    /// @inheritdoc IMandateBook
    function pull(
        uint256 positionId,
        address owner,
        int256 equity,
        uint256 maintenanceMargin,
        uint256 keeperFee,
        bool early
    ) external returns (uint256 pulled, RescueOutcome outcome) {
        Parts memory parts = _parts();
        require(msg.sender == address(parts.marginVault), NotAuthorized(msg.sender));
        Mandate memory mandate = _mandates[positionId];
        (pulled, outcome) = _judge(mandate, parts.scale, owner, equity, maintenanceMargin, keeperFee, early);
        if (outcome != RescueOutcome.Rescued) return (0, outcome);

        // Asked for before the call, so that nobody makes a good pull fail by sending too little.
        require(gasleft() > _PULL_GAS_NEEDED, InsufficientTransferGas(gasleft(), _PULL_GAS_NEEDED));
        try this.pullExactly{gas: _PULL_GAS}(parts.token, owner, msg.sender, pulled / parts.scale) returns (
            RescueOutcome moved
        ) {
            if (moved != RescueOutcome.Rescued) return (0, moved);
            Mandate storage stored = _mandates[positionId];
            (stored.capLeft, stored.rescuedAt) = (uint96(mandate.capLeft - pulled), uint40(block.timestamp));
        } catch {
            return (0, RescueOutcome.TransferFailed);
        }
    }

    /// @notice Moves exactly `amountToken` from `owner` to `vault`, says what the wallet lacks, or reverts. Only
    /// this contract calls: a call of our own contains whatever the token does, also answers that cannot be decoded.
    function pullExactly(
        IERC20 token,
        address owner,
        address vault,
        uint256 amountToken
    ) external returns (RescueOutcome outcome) {
        require(msg.sender == address(this), NotAuthorized(msg.sender));
        // Asked first: a try in vain costs the liquidation that follows three times as much.
        outcome = _walletOutcome(token, owner, amountToken);
        if (outcome != RescueOutcome.Rescued) return outcome;
        uint256 held = TokenScale.balanceOf(token, vault);
        token.safeTransferFrom(owner, vault, amountToken);
        uint256 received = TokenScale.balanceOf(token, vault) - held;
        require(received == amountToken, TokenTransferMismatch(amountToken, received));
    }

    /// @inheritdoc IMandateBook
    function preview(
        uint256 positionId,
        int256 equity,
        uint256 maintenanceMargin,
        uint256 keeperFee,
        bool early
    ) external view returns (uint256 pulled, RescueOutcome outcome) {
        Parts memory parts = _parts();
        Position memory position = parts.marginVault.position(positionId);
        if (position.traits & 1 == 0) return (0, RescueOutcome.NoMandate);
        (pulled, outcome) = _judge(
            _mandates[positionId],
            parts.scale,
            position.owner,
            equity,
            maintenanceMargin,
            keeperFee,
            early
        );
        if (outcome != RescueOutcome.Rescued) return (0, outcome);
        try this.walletOutcome{gas: _PULL_GAS}(position.owner, pulled / parts.scale) returns (RescueOutcome wallet) {
            if (wallet != RescueOutcome.Rescued) return (0, wallet);
        } catch {
            return (0, RescueOutcome.TransferFailed);
        }
    }

    /// @inheritdoc IMandateBook
    function mandateOf(uint256 positionId) external view returns (Mandate memory) {
        return _mandates[positionId];
    }

    /// @notice Which of allowance and balance does not suffice for a pull, if any. Reverts when the token does.
    function walletOutcome(address owner, uint256 amountToken) external view returns (RescueOutcome) {
        return _walletOutcome(_parts().token, owner, amountToken);
    }

    function _set(Parts memory parts, MandateRequest calldata request, Position memory position) private {
        uint256 floor = parts.charter.terms(position.termsId).keeperFeeFloor;
        _check("triggerRatio", request.triggerRatio, WadMath.WAD, 10e18);
        _check("triggerRatio rounding", request.triggerRatio % _STEP, 0, 0);
        _check("targetRatio", request.targetRatio, request.triggerRatio + _GAP, 20e18);
        _check("targetRatio rounding", request.targetRatio % _STEP, 0, 0);
        _check("minInterval", request.minInterval, 60, 7 days);
        _check("expiry", request.expiry, block.timestamp, type(uint40).max);
        _check("maxKeeperFee", request.maxKeeperFee, floor, type(uint48).max * _STEP);
        _check("maxKeeperFee rounding", request.maxKeeperFee % _STEP, 0, 0);
        _check("cap", request.cap, request.maxKeeperFee + 1, type(uint96).max);
        // An older signature, not yet shown, must not undo this.
        ++nonces[position.owner];
        Mandate storage stored = _mandates[request.positionId];
        Mandate memory mandate = Mandate({
            owner: position.owner,
            triggerRatioE6: uint32(request.triggerRatio / _STEP),
            targetRatioE6: uint32(request.targetRatio / _STEP),
            minInterval: uint24(request.minInterval),
            capLeft: uint96(request.cap),
            // Kept, so that setting a mandate anew cannot shorten its pause.
            rescuedAt: stored.rescuedAt,
            expiry: uint40(request.expiry),
            maxKeeperFeeE6: uint48(request.maxKeeperFee / _STEP),
            round: roundOf[position.owner].toUint32()
        });
        _mandates[request.positionId] = mandate;
        emit MandateSet(request.positionId, position.owner, ++sequence, mandate);
        parts.marginVault.setMandated(request.positionId, true);
    }

    function _revoke(Parts memory parts, uint256 positionId, address owner) private {
        ++nonces[owner];
        // Kept, so that revoking a mandate and giving it anew cannot shorten its pause.
        uint40 rescuedAt = _mandates[positionId].rescuedAt;
        delete _mandates[positionId];
        _mandates[positionId].rescuedAt = rescuedAt;
        emit MandateRevoked(positionId, owner, ++sequence);
        parts.marginVault.setMandated(positionId, false);
    }

    /// @dev What a mandate says to a pull, and how much it would be: whole token units, rounded up, so that the target is
    /// reached.
    function _judge(
        Mandate memory mandate,
        uint256 scale,
        address owner,
        int256 equity,
        uint256 maintenanceMargin,
        uint256 keeperFee,
        bool early
    ) private view returns (uint256 pulled, RescueOutcome outcome) {
        if (mandate.owner != owner || owner == address(0)) return (0, RescueOutcome.NoMandate);
        if (mandate.round != roundOf[owner]) return (0, RescueOutcome.NoMandate);
        if (block.timestamp > mandate.expiry) return (0, RescueOutcome.Expired);
        if (equity <= 0) return (0, RescueOutcome.Insolvent);
        uint256 trigger = early ? maintenanceMargin.mulWadUp(mandate.triggerRatioE6 * _STEP) : maintenanceMargin;
        if (uint256(equity) >= trigger) return (0, RescueOutcome.NotTriggered);
        if (block.timestamp < uint256(mandate.rescuedAt) + mandate.minInterval) return (0, RescueOutcome.TooSoon);
        if (keeperFee > mandate.maxKeeperFeeE6 * _STEP) return (0, RescueOutcome.FeeTooHigh);
        uint256 target = maintenanceMargin.mulWadUp(mandate.targetRatioE6 * _STEP);
        pulled = TokenScale.ceilToToken(target - uint256(equity) + keeperFee, scale);
        outcome = pulled > mandate.capLeft ? RescueOutcome.CapTooSmall : RescueOutcome.Rescued;
    }

    function _walletOutcome(IERC20 token, address owner, uint256 amountToken) private view returns (RescueOutcome) {
        if (token.allowance(owner, address(this)) < amountToken) return RescueOutcome.AllowanceTooSmall;
        if (TokenScale.balanceOf(token, owner) < amountToken) return RescueOutcome.BalanceTooSmall;
        return RescueOutcome.Rescued;
    }

    /// @dev As `Clones.fetchCloneArgs`, copied to where they are read. The factory encoded them, so nothing is left to check
    /// but that there are any: the implementation has none.
    function _parts() private view returns (Parts memory parts) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            if iszero(eq(extcodesize(address()), 0xcd)) {
                revert(0, 0)
            }
            extcodecopy(address(), parts, 0x2d, 0xa0)
        }
    }

    function _positionOf(Parts memory parts, uint256 positionId) private view returns (Position memory position) {
        position = parts.marginVault.position(positionId);
        require(position.size != 0, PositionNotFound(positionId));
    }

    function _check(bytes32 name, uint256 value, uint256 lower, uint256 upper) private pure {
        require(value >= lower && value <= upper, MandateOutOfBounds(name, value, lower, upper));
    }
}
